import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModelMount, ModelRole } from '../model.ts'

/** Which of a mount's roles a token asks for. */
export interface RoleInPlace {
  readonly mount: ModelMount
  readonly role: ModelRole
}

/**
 * The claims of a promise as a whole token: what every good token has alike, so that a promise names only what it is
 * about. `iss` is what the mount's configuration asks for (`bound_issuer`, or else `oidc_discovery_url`); `aud` the first
 * of the role's `bound_audiences`, by the alphabet; `sub` its `bound_subject`, or else GitLab's text made of the promised
 * project and ref. The times are those of a job that began just now, with a timeout of an hour. A claim that is promised
 * wins, and one that is promised as null is not there.
 * @param now seconds since 1970
 */
export function tokenClaims(promised: JsonObject, { mount, role }: RoleInPlace, now: number): JsonObject {
  const second = Math.floor(now)
  const defaults: Readonly<Record<string, JsonValue | undefined>> = {
    iss: text(mount.config?.['bound_issuer']) ?? text(mount.config?.['oidc_discovery_url']),
    aud: first(role.role['bound_audiences']),
    sub: text(role.role['bound_subject']) ?? subjectOf(promised),
    iat: second,
    nbf: second - 5,
    exp: second + 3600,
  }
  const claims: Record<string, JsonValue> = {}
  for (const [claim, value] of Object.entries({ ...defaults, ...promised }))
    if (value !== undefined && value !== null) claims[claim] = value
  return claims
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function first(value: JsonValue | undefined): string | undefined {
  return Array.isArray(value) ? text(value[0] as JsonValue | undefined) : undefined
}

/** GitLab's default (lib/gitlab/ci/jwt_v2.rb). */
function subjectOf({ project_path: path, ref_type: type, ref }: JsonObject): string | undefined {
  const known = [path, type, ref].every((part) => typeof part === 'string')
  return known ? `project_path:${path}:ref_type:${type}:ref:${ref}` : undefined
}
