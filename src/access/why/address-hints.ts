import type { JsonObject } from '../../core/json.ts'
import { actualOf, anyOf, expectedTexts, type HintRule, quoted } from './hint.ts'

/** Mistakes in `aud` and `iss`, which look like addresses and are compared letter by letter (cap jwt validateAudience, validateIssuer). */
export const addressHints: readonly HintRule[] = [
  {
    id: 'audience-missing',
    checks: ['aud'],
    when: ({ actual, expected }) =>
      expected !== undefined && (actual === undefined || actual === '')
        ? `The token has no audience. Write aud under id_tokens of the job${expectedTexts({ check: 'aud', ok: false, expected })[0] === undefined ? '' : `: ${quoted(expectedTexts({ check: 'aud', ok: false, expected })[0] as string)}`}.`
        : undefined,
  },
  {
    id: 'audience-unbound',
    checks: ['aud'],
    when: ({ actual, expected }) =>
      actual !== undefined && (expected === undefined || (Array.isArray(expected) && expected.length === 0))
        ? `The role has no bound_audiences, so the server refuses every token with an audience. Write bound_audiences: [${actualOf({ check: 'aud', ok: false, actual }).map(quoted).join(', ')}] if that is the audience meant for this server.`
        : undefined,
  },
  {
    id: 'audience-variable',
    checks: ['aud'],
    when: (check) =>
      actualOf(check).some((value) => typeof value === 'string' && value.includes('$'))
        ? 'The aud still holds the name of a variable: it was not set where GitLab filled the ID token in.'
        : undefined,
  },
  {
    id: 'audience-differs',
    checks: ['aud'],
    when(check) {
      const difference = nearMiss(check)
      if (difference !== undefined) return `The two audiences differ ${difference}, and every letter counts.`
      return check.actual === undefined || expectedTexts(check).length === 0
        ? undefined
        : `Verify the aud under id_tokens of the job: the role takes ${anyOf(expectedTexts(check))}.`
    },
  },
  {
    id: 'issuer-bare-host',
    checks: ['iss'],
    when: (check) =>
      expectedTexts(check).some((text) => !text.includes('://'))
        ? `bound_issuer is a bare host name; the iss of an ID token is the whole URL. Write bound_issuer: ${actualOf(check).map(quoted)[0] ?? '"https://…"'}.`
        : undefined,
  },
  {
    id: 'issuer-of-other-mount',
    checks: ['iss'],
    when(check, { model, mount }) {
      const trusting = [...model.mounts.values()].find(
        ({ path, config }) => path !== mount && actualOf(check).includes(issuerOf(config) ?? ''),
      )
      return trusting === undefined
        ? undefined
        : `The mount ${quoted(trusting.path)} trusts this issuer. Log in there: VAULT_AUTH_PATH: ${trusting.path}.`
    },
  },
  {
    id: 'issuer-differs',
    checks: ['iss'],
    when(check) {
      const difference = nearMiss(check)
      return difference === undefined || expectedTexts(check).some((text) => !text.includes('://'))
        ? undefined
        : `The two issuers differ ${difference}, and every letter counts.`
    },
  },
  {
    id: 'subject',
    checks: ['sub'],
    when: () =>
      'bound_subject is compared with all of sub, and ci_id_token_sub_claim_components of the project decides what sub is made of. Bind claims such as project_id instead.',
  },
]

function issuerOf(config: JsonObject | undefined): string | undefined {
  const issuer = config?.['bound_issuer']
  return typeof issuer === 'string' && issuer !== '' ? issuer : undefined
}

function nearMiss(check: Parameters<HintRule['when']>[0]): string | undefined {
  for (const actual of actualOf(check)) {
    for (const expected of expectedTexts(check)) {
      const difference = typeof actual === 'string' ? addressDifference(expected, actual) : undefined
      if (difference !== undefined) return difference
    }
  }
  return undefined
}

/** In what two addresses differ that mean nearly the same: "by the slash at the end"; undefined where they do not. */
export function addressDifference(a: string, b: string): string | undefined {
  if (a === b) return undefined
  const [left, right] = [a.replace(/\/+$/, ''), b.replace(/\/+$/, '')]
  if (left === right) return 'by the slash at the end'
  if (left.toLowerCase() === right.toLowerCase()) return 'in upper and lower case'
  const [one, other] = [left, right].map((text) => parsed(text.toLowerCase()))
  if (one === undefined || other === undefined || one.hostname !== other.hostname) return undefined
  const parts = [
    one.protocol === other.protocol
      ? ''
      : one.protocol === '' || other.protocol === ''
        ? 'by "https://", which one of them lacks'
        : 'in the scheme',
    one.port === other.port ? '' : 'in the port',
    one.path === other.path ? '' : 'in the path',
  ].filter((part) => part !== '')
  return parts.length === 0 ? undefined : parts.join(' and ')
}

interface Parts {
  readonly protocol: string
  readonly hostname: string
  readonly port: string
  readonly path: string
}

function parsed(text: string): Parts | undefined {
  const [, protocol = '', hostname, port = '', path = ''] =
    /^(?:(\w[\w+.-]*):\/\/)?([^/:\s]+)(?::(\d+))?(\/\S*)?$/.exec(text) ?? []
  return hostname === undefined ? undefined : { protocol, hostname, port, path }
}
