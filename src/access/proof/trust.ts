import type { AccessEffect } from '../../core/access-effect.ts'
import { byText, deepEqual, isObject, type JsonObject, type JsonValue } from '../../core/json.ts'
import { addressOf } from '../../core/resource.ts'
import { enumerate } from '../claims/value-words.ts'
import type { AccessModel, ModelMount } from '../model.ts'
import { issuerOf } from './subjects.ts'

/** Mounts that come to take other tokens than before: whoever signs them decides who gets in. */
export function trustEffects(before: AccessModel, after: AccessModel): readonly AccessEffect[] {
  return [...after.mounts.values()].flatMap((now) => {
    const old = before.mounts.get(now.path)
    if (old?.config === undefined || now.config === undefined || deepEqual(old.config, now.config)) return []
    if (old.roles.size === 0 && now.roles.size === 0) return []
    return [...signerEffects(old, now), ...keyEffects(old, now), ...mannerEffects(old, now)]
  })
}

/** Whose tokens: where the keys come from, and which issuer they have to name. */
function signerEffects(old: ModelMount, now: ModelMount): readonly AccessEffect[] {
  const [from, to] = [signerOf(old), signerOf(now)]
  if (from.keys === to.keys && from.issuer === to.issuer) return []
  return [
    ...(takesMore(from, to)
      ? [effect('gain', now, `mount ${now.path} now takes tokens ${signerText(to)}, and they get what ${rolesOf(now)}`)]
      : []),
    ...(takesMore(to, from)
      ? [effect('loss', old, `mount ${now.path} no longer takes tokens ${signerText(from)}`)]
      : []),
  ]
}

function takesMore(from: Signer, to: Signer): boolean {
  return from.keys !== to.keys || (from.issuer !== undefined && from.issuer !== to.issuer)
}

interface Signer {
  readonly keys: string
  /** Absent where any issuer will do. */
  readonly issuer: string | undefined
}

function signerOf({ config = {} }: ModelMount): Signer {
  const issuer = textOf(config['bound_issuer'])
  const url = textOf(config['oidc_discovery_url']) ?? textOf(config['jwks_url'])
  return { keys: url ?? pairUrls(config) ?? '', issuer }
}

function pairUrls(config: JsonObject): string | undefined {
  const pairs = Array.isArray(config['jwks_pairs']) ? config['jwks_pairs'].filter(isObject) : []
  const urls = pairs.flatMap((pair) => textOf(pair['jwks_url']) ?? [])
  return urls.length === 0 ? undefined : enumerate(urls, 'and')
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function signerText({ keys, issuer }: Signer): string {
  const of = issuer === undefined ? 'of any issuer' : `of ${issuer}`
  if (issuer !== undefined && (keys === '' || keys === issuer)) return of
  return `${of} signed by ${keys === '' ? 'the keys in jwt_validation_pubkeys' : `the keys of ${keys}`}`
}

/** Keys that stand in the configuration itself. */
function keyEffects(old: ModelMount, now: ModelMount): readonly AccessEffect[] {
  const [from, to] = [keysOf(old), keysOf(now)]
  if (from.size === 0 || to.size === 0) return []
  const added = [...to].filter((key) => !from.has(key)).length
  const removed = [...from].filter((key) => !to.has(key)).length
  const holders = `whoever holds ${added === 1 ? 'it' : 'them'} gets what ${rolesOf(now)}`
  return [
    ...(added === 0 ? [] : [effect('gain', now, `mount ${now.path} now trusts ${another(added)}: ${holders}`)]),
    ...(removed === 0
      ? []
      : [
          effect(
            'loss',
            old,
            `mount ${now.path} no longer trusts ${removed === 1 ? 'one' : removed} of its signing keys`,
          ),
        ]),
  ]
}

function keysOf({ config = {} }: ModelMount): ReadonlySet<string> {
  const keys = config['jwt_validation_pubkeys']
  return new Set(Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [])
}

function another(count: number): string {
  return count === 1 ? 'another signing key' : `${count} other signing keys`
}

/** What else decides how a signature or the server of the keys is verified (vault-plugin-auth-jwt path_config.go). */
const manners: Readonly<Record<string, string>> = {
  oidc_discovery_ca_pem: 'knows the server of its keys by another oidc_discovery_ca_pem',
  jwks_ca_pem: 'knows the server of its keys by another jwks_ca_pem',
  override_allowed_server_names: 'takes other server names for that of its keys (override_allowed_server_names)',
  provider_config: 'asks the issuer with another provider_config',
}

function mannerEffects(old: ModelMount, now: ModelMount): readonly AccessEffect[] {
  const [from, to] = [old.config ?? {}, now.config ?? {}]
  const texts = Object.entries(manners).flatMap(([field, text]) =>
    deepEqual(from[field] ?? '', to[field] ?? '') ? [] : [text],
  )
  const pairs = pairUrls(from) === pairUrls(to) && !deepEqual(from['jwks_pairs'] ?? '', to['jwks_pairs'] ?? '')
  const [algs, newAlgs] = [algorithms(from), algorithms(to)]
  return [
    ...(algs === newAlgs ? [] : [`takes signatures by ${newAlgs} instead of ${algs}`]),
    ...(pairs ? ['knows the servers of its keys by another jwks_ca_pem in jwks_pairs'] : []),
    ...texts,
  ].map((text) => effect('change', now, `mount ${now.path} now ${text}`))
}

function algorithms({ jwt_supported_algs: names }: JsonObject): string {
  const known = Array.isArray(names) ? names.filter((name) => typeof name === 'string').sort(byText) : []
  return known.length === 0 ? 'any algorithm' : enumerate(known, 'and')
}

/** `its role gives`, `its 12 roles give`. */
function rolesOf({ roles }: ModelMount): string {
  return roles.size === 1 ? 'its role gives' : `its ${roles.size} roles give`
}

function effect(kind: AccessEffect['effect'], mount: ModelMount, text: string): AccessEffect {
  const issuer = textOf(mount.config?.['bound_issuer'])
  const claims = issuer === undefined ? [{}] : [{ iss: { allOf: [[issuer]], noneOf: [] } }]
  return {
    effect: kind,
    roles: [addressOf('jwt-config', mount.path)],
    who: `any project of ${issuerOf(mount)}`,
    claims,
    text,
  }
}
