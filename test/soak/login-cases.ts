import fc from 'fast-check'
import { JsonNumber, type Written, type WrittenObject, withFloats } from '../../src/access/login/json-number.ts'
import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'
import { writtenRole } from './login-roles.ts'
import { anyClaim, name, seldom, wellFormed } from './login-values.ts'

/** A role as written, and tokens that are near what it wants. */
export interface LoginCase {
  /** Index of the mount, which has a configuration and a tuning of its own. */
  readonly mount: number
  readonly role: WrittenObject
  readonly logins: readonly GeneratedLogin[]
}

export interface GeneratedLogin {
  readonly claims: JsonObject
  /** Times to add to the claims, in seconds from the moment of sending. */
  readonly times: Readonly<Partial<Record<'iat' | 'nbf' | 'exp', number>>>
  readonly alg: 'RS256' | 'ES256' | 'EdDSA'
  /** What the login asks for: the role, the role in capitals, another one, or none. */
  readonly asks: 'role' | 'ROLE' | 'other' | 'none'
}

/** Most meet every demand of the role but one or none. */
function loginFor(written: WrittenObject): fc.Arbitrary<GeneratedLogin> {
  const wanted = Object.entries(isObject(written['bound_claims']) ? written['bound_claims'] : {})
  const mapped = Object.keys(isObject(written['claim_mappings']) ? written['claim_mappings'] : {})
  const textual = [written['user_claim'], written['groups_claim'], ...mapped].filter(
    (key): key is string => typeof key === 'string',
  )
  return fc
    .record({
      picks: fc.tuple(...wanted.map(() => fc.nat())),
      texts: fc.tuple(...textual.map(() => fc.tuple(wellFormed, fc.nat({ max: 9 })))),
      changes: fc.array(
        fc.tuple(
          fc.oneof(fc.constantFrom('user', 'project_id', 'ref', ...textual, ...wanted.map(([key]) => key)), name),
          anyClaim,
        ),
        { maxLength: 1 },
      ),
      aud: fc.oneof(
        { weight: 12, arbitrary: fc.constant<'fit'>('fit') },
        {
          weight: 1,
          arbitrary: fc.constantFrom<JsonValue | undefined>(
            undefined,
            'a',
            ['b', 'c'],
            [],
            '',
            'https://vault.example.com',
            ['https://vault.example.com'],
            5,
            null,
            [1],
          ),
        },
      ),
      iss: fc.oneof(
        { weight: 40, arbitrary: fc.constant<JsonValue>('https://gitlab.example.com') },
        fc.constantFrom<JsonValue>('https://evil.example.com', '', 5),
      ),
      times,
      more: seldom(
        25,
        fc.tuple(
          fc.constantFrom('EXP', 'Iat', 'iſs', 'ISS', 'Sub', 'AUD', 'jti', 'nBf', 'zz'),
          fc.constantFrom<JsonValue>('x', 5, null, 1e12, ['a']),
        ),
      ),
      alg: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('ES256', 'RS256') }, fc.constant('EdDSA')),
      asks: fc.oneof({ weight: 15, arbitrary: fc.constant('role') }, fc.constantFrom('ROLE', 'other', 'none')),
    })
    .map(({ picks, texts, changes, aud, iss, times, more, alg, asks }) => {
      let claims: JsonObject = { user: 'somebody', iss, project_id: '42', ref: 'refs/heads/main' }
      const audiences = written['bound_audiences']
      const fitting = Array.isArray(audiences)
        ? audiences
        : typeof audiences === 'string' && audiences !== ''
          ? audiences.split(',')
          : []
      const audience = aud === 'fit' ? (fitting[0] as JsonValue | undefined) : aud
      if (audience !== undefined) claims = { ...claims, aud: audience instanceof JsonNumber ? 1 : audience }
      if (typeof written['bound_subject'] === 'string') claims = { ...claims, sub: written['bound_subject'] }
      for (const [index, key] of textual.entries()) {
        const [value, odds] = texts[index] as [string, number]
        if (odds < 8) claims = place(claims, key, value)
      }
      for (const [index, [key, bound]] of wanted.entries())
        claims = place(claims, key, near(bound as Written, picks[index] as number))
      for (const [key, value] of changes) claims = place(claims, key, value)
      if (more !== null) claims = { ...claims, [more[0]]: more[1] }
      return { claims, times, alg, asks } as GeneratedLogin
    })
}

/** Around the edges of every leeway, some seconds to either side, and far from them. */
const edges = [0, 1, 10, 60, 100, 150, 160, 210, 300].flatMap((edge) => [edge - 4, edge + 4, -edge - 4, -edge + 4])
const offset = fc.constantFrom(...edges, 3600, -3600)
const times = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ iat: 0, exp: 3600 }) },
  { weight: 2, arbitrary: fc.record({ iat: offset, nbf: offset, exp: offset }, { requiredKeys: [] }) },
)

/** A value that meets the bound, or nearly so. */
function near(bound: Written, pick: number): JsonValue {
  const choice: Written = Array.isArray(bound) ? (bound[pick % Math.max(1, bound.length)] ?? 'none') : bound
  const value = withFloats(choice)
  const filled = typeof value === 'string' && pick % 3 === 0 ? value.replaceAll('*', 'x/y') : value
  if (pick % 5 === 0) return [filled, 'other']
  return pick % 7 === 0 && typeof filled === 'string' ? filled.toUpperCase() : filled
}

/** Sets a claim where the plugin would look for it; a pointer into what is no map leads nowhere. */
function place(claims: JsonObject, key: string, value: JsonValue): JsonObject {
  if (!key.startsWith('/')) return { ...claims, [key]: value }
  const parts = key
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  return inside(claims, parts, value) as JsonObject
}

function inside(at: JsonValue | undefined, [part, ...rest]: readonly string[], value: JsonValue): JsonValue {
  if (part === undefined) return value
  const index = Number(part)
  if (Number.isInteger(index) && index >= 0 && index < 3 && !isObject(at)) {
    const list = Array.isArray(at) ? [...at] : []
    while (list.length <= index) list.push('filler')
    list[index] = inside(list[index], rest, value)
    return list
  }
  const holder = isObject(at) ? at : {}
  return { ...holder, [part]: inside(holder[part], rest, value) }
}

export function loginCase(mounts: number, logins: number): fc.Arbitrary<LoginCase> {
  return writtenRole.chain((written) =>
    fc.record({
      mount: fc.nat({ max: mounts - 1 }),
      role: fc.constant(written),
      logins: fc.array(loginFor(written), { minLength: logins, maxLength: logins }),
    }),
  )
}
