import { type JsonObject, stableStringify } from '../../core/json.ts'
import { type Address, addressOf } from '../../core/resource.ts'
import type { Box } from '../claims/box.ts'
import { type Admitted, admittedBy } from '../claims/role-box.ts'
import { boundsOf, type RoleBounds } from '../login/bounds.ts'
import type { AccessModel, ModelMount, ModelRole } from '../model.ts'
import { type PolicyGrants, type PolicyStore, policyStore } from './policies.ts'

/** A role of a model with whom it admits and what it gives them. What is costly is made when first asked for. */
export interface Subject {
  readonly address: Address
  readonly model: AccessModel
  readonly mount: ModelMount
  readonly role: ModelRole
  readonly bounds: RoleBounds
  /** Whose tokens the mount takes: equal for mounts that take the same. */
  readonly trust: string
  readonly admitted: Admitted
  /** Absent where nobody gets in, or nobody can tell who. */
  readonly box: Box | undefined
  readonly policies: PolicyGrants
}

const known = new WeakMap<AccessModel, readonly Subject[]>()

/** Every role of a model; made once, since a model does not change. */
export function rolesOf(model: AccessModel): readonly Subject[] {
  const subjects = known.get(model) ?? entriesOf(model, policyStore()).map((entry) => entry.subject())
  known.set(model, subjects)
  return subjects
}

/** A role that may never be looked at more closely. */
export interface Entry {
  readonly mount: ModelMount
  readonly role: ModelRole
  subject(): Subject
}

/** `trustedAs` gives the mount whose trust a mount is taken to have: itself, unless that is compared elsewhere. */
export function entriesOf(
  model: AccessModel,
  store: PolicyStore,
  trustedAs: (mount: ModelMount) => ModelMount = (mount) => mount,
): Entry[] {
  return [...model.mounts.values()].flatMap((mount) => {
    const like = trustedAs(mount)
    const trusting: Trusting = { trust: ownTrust(like), config: configAs(mount, like) }
    return [...mount.roles.values()].map((role): Entry => {
      let made: Subject | undefined
      return {
        mount,
        role,
        subject() {
          made ??= new RoleSubject(model, mount, role, store, trusting)
          return made
        },
      }
    })
  })
}

function configAs({ config }: ModelMount, like: ModelMount): JsonObject | undefined {
  if (config === undefined || config === like.config) return config
  const { bound_issuer: _, ...rest } = config
  const issuer = like.config?.['bound_issuer']
  return issuer === undefined ? rest : { ...rest, bound_issuer: issuer }
}

interface Trusting {
  readonly trust: string
  readonly config: JsonObject | undefined
}

/** A class, because there is one for every role: an object with getters of its own costs ten times as much to make. */
class RoleSubject implements Subject {
  readonly address: Address
  readonly model: AccessModel
  readonly mount: ModelMount
  readonly role: ModelRole
  readonly trust: string
  private readonly config: JsonObject | undefined
  private readonly store: PolicyStore
  private knownBounds: RoleBounds | undefined
  private knownAdmitted: Admitted | undefined
  private knownPolicies: PolicyGrants | undefined

  constructor(model: AccessModel, mount: ModelMount, role: ModelRole, store: PolicyStore, trusting: Trusting) {
    this.address = addressOf('jwt-role', role.mount, role.name)
    this.model = model
    this.mount = mount
    this.role = role
    this.trust = trusting.trust
    this.config = trusting.config
    this.store = store
  }

  get bounds(): RoleBounds {
    const { role, mount, model, config } = this
    this.knownBounds ??= boundsOf(model.server, { role: role.role, config, tune: mount.tune })
    return this.knownBounds
  }

  get admitted(): Admitted {
    this.knownAdmitted ??= admittedBy(this.bounds)
    return this.knownAdmitted
  }

  get box(): Box | undefined {
    const { admitted } = this
    return 'box' in admitted ? admitted.box : undefined
  }

  get policies(): PolicyGrants {
    this.knownPolicies ??= this.store.grantsFor(this.model, this.bounds.policies)
    return this.knownPolicies
  }
}
/** What of a mount's configuration says whose signature counts (vault-plugin-auth-jwt path_config.go). */
const trusting = [
  'oidc_discovery_url',
  'jwks_url',
  'jwks_pairs',
  'jwt_validation_pubkeys',
  'jwt_supported_algs',
  'bound_issuer',
  'provider_config',
] as const

function ownTrust({ config = {} }: ModelMount): string {
  return stableStringify(
    Object.fromEntries(trusting.flatMap((name) => (config[name] === undefined ? [] : [[name, config[name]]]))),
  )
}

/** What a reader calls the issuer. */
export function issuerOf({ config = {} }: ModelMount): string {
  const name = ['bound_issuer', 'oidc_discovery_url', 'jwks_url']
    .map((field) => config[field])
    .find((value) => typeof value === 'string')
  return typeof name === 'string' ? name : 'the keys in jwt_validation_pubkeys'
}
