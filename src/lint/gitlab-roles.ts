import { topClaim } from '../access/claims/gitlab.ts'
import type { ModelMount, ModelRole } from '../access/model.ts'
import type { SecretUse } from '../core/configuration.ts'
import { matchesGlob } from '../core/glob.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Identity } from '../core/resource.ts'
import { hasGitlabIssuer } from './gitlab-issuer.ts'
import type { Finding, Fix, LintSubject, Rule } from './rule.ts'

/** A role through which jobs of GitLab log in, or are meant to. */
export interface JobRole {
  readonly object: Identity
  /** As people call it: `jwt/ci`. */
  readonly label: string
  /** Canonical. */
  readonly role: JsonObject
  readonly mount: ModelMount
  /** What each bound claim may be: one of these. */
  readonly claims: ReadonlyMap<string, readonly JsonValue[]>
  /** Whether `*` in them is any text. */
  readonly glob: boolean
  /** What its jobs read, by the name of the job's variable. */
  readonly secrets: Readonly<Record<string, SecretUse>>
}

export interface RoleReport {
  readonly field: FieldPath
  readonly message: string
  readonly help: string
  readonly fix?: Fix
}

/** The check of a rule that looks at one role after another. */
export function forJobRoles(check: (role: JobRole, subject: LintSubject) => Iterable<RoleReport>): Rule['check'] {
  return function* (subject): Generator<Finding> {
    for (const role of jobRoles(subject))
      for (const report of check(role, subject)) yield { object: role.object, ...report }
  }
}

const rolesOf = new WeakMap<LintSubject, readonly JobRole[]>()

/**
 * The roles of all mounts that trust a GitLab. Logins of people by browser are none of them: roles of type oidc in a mount
 * that has a client id, or whose configuration is nowhere in the files.
 */
export function jobRoles(subject: LintSubject): readonly JobRole[] {
  const known = rolesOf.get(subject)
  if (known !== undefined) return known
  const objects = new Map(subject.environment.desired.map((object) => [object.path, object]))
  const roles: JobRole[] = []
  for (const mount of subject.model.mounts.values()) {
    if (!hasGitlabIssuer(mount)) continue
    const browser = mount.config === undefined || mount.config['oidc_client_id'] !== undefined
    for (const role of mount.roles.values()) {
      const object = objects.get(`auth/${mount.path}/role/${role.name}`)
      if (object !== undefined && (role.role['role_type'] === 'jwt' || !browser))
        roles.push(jobRole(object, role, mount, subject))
    }
  }
  rolesOf.set(subject, roles)
  return roles
}

function jobRole(object: Identity, { name, role }: ModelRole, mount: ModelMount, subject: LintSubject): JobRole {
  const bound = role['bound_claims']
  const claims = Object.entries(isObject(bound) ? bound : {}).map(
    ([claim, value]) => [claim, Array.isArray(value) ? value : [value]] as const,
  )
  return {
    object,
    label: `${mount.path}/${name}`,
    role,
    mount,
    claims: new Map(claims),
    glob: role['bound_claims_type'] === 'glob',
    secrets: subject.environment.secrets[object.address] ?? {},
  }
}

/** Strings of a canonical list. */
export function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

/** Values of a bound claim in which `*` is any text. */
export function globsOf({ claims, glob }: JobRole, claim: string): readonly string[] {
  const values = glob ? (claims.get(claim) ?? []) : []
  return values.filter((value): value is string => typeof value === 'string' && value.includes('*'))
}

/** Whether the claim is bound, and to nothing but whole values. */
export function isExact(role: JobRole, claim: string): boolean {
  return (role.claims.get(claim) ?? []).length > 0 && globsOf(role, claim).length === 0
}

/**
 * Whether a token whose claim has this value passes this bound; a role that does not bind the claim admits all values.
 * A value of another type counts as the text that was meant: that no token can have it is a finding of its own.
 */
export function admits(role: JobRole, claim: string, value: string): boolean {
  return role.claims.get(claim)?.some((wanted) => fits(role, wanted, value)) ?? true
}

/** Whether a claim of this value is one that the role wants. */
export function fits({ glob }: JobRole, wanted: JsonValue, value: string): boolean {
  return glob ? matchesGlob(String(wanted), value) : String(wanted) === value
}

/** Whether only tokens pass whose claim is "true", where it is that or "false": ref_protected, environment_protected. */
export function requiresTrue(role: JobRole, claim: string): boolean {
  return role.claims.has(claim) && admits(role, claim, 'true') && !admits(role, claim, 'false')
}

/** What "sub" must be, wherever the role says it. */
export function subjectsOf({ role, claims }: JobRole): readonly string[] {
  const bound = role['bound_subject']
  return [...(typeof bound === 'string' && bound !== '' ? [bound] : []), ...(claims.get('sub') ?? []).map(String)]
}

/** The claim that names the identity; of a JSON pointer, where the role says that it is one, the claim at its top. */
export function userClaimOf({ role }: JobRole): string | undefined {
  const name = role['user_claim']
  if (typeof name !== 'string') return undefined
  return role['user_claim_json_pointer'] === true ? topClaim(name) : name
}

/** `bound_claims.<claim>` where the role binds it, else all of the bound claims. */
export function fieldOf({ claims }: JobRole, claim: string): FieldPath {
  return claims.has(claim) ? ['bound_claims', claim] : ['bound_claims']
}

/** `"main"`, or `one of "main", "release/*"`. */
export function worded(values: readonly JsonValue[]): string {
  const listed = values.map((value) => JSON.stringify(value)).join(', ')
  return values.length === 1 ? listed : `one of ${listed}`
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerated(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
