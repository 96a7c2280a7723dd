import { describe, expect, test } from 'vitest'
import { attribute, neededTexts } from '../../src/audit/attribute.ts'
import { parseEntry } from '../../src/audit/entry.ts'
import type { Hashes, Subject } from '../../src/audit/subject.ts'
import { trails } from '../../src/audit/trail.ts'
import type { Attribution } from '../../src/core/attribution.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type Audited, kindOf } from '../../src/core/kind.ts'
import type { Identity } from '../../src/core/resource.ts'
import { kinds } from '../../src/kinds/index.ts'
import { entry, hmac, type Written } from './entries.ts'

const salt = 'device'

interface About {
  readonly kind: string
  readonly names: readonly string[]
  readonly live?: JsonObject
  readonly desired?: JsonObject
  readonly namespace?: string
}

const policyCi: About = { kind: 'policy', names: ['ci'], live: { policy: 'now' }, desired: { policy: 'files' } }
const policyGone: About = { kind: 'policy', names: ['ci'], desired: { policy: 'files' } }
const writePolicy = (text: string, at: number, more: Partial<Written> = {}): Written => ({
  path: 'sys/policies/acl/ci',
  data: { policy: text },
  time: `2026-11-20T14:00:${String(at).padStart(2, '0')}Z`,
  id: `request-${at}`,
  ...more,
})

function subjectOf({ kind: name, names, live, desired, namespace = '' }: About): Subject {
  const kind = kindOf(kinds, name)
  const object: Identity = kind.identify(...names)
  const mount = kind.name === 'policy' ? undefined : `auth/${names[0]}`
  return {
    object,
    namespace,
    audited: kind.audited as Audited,
    ...(live === undefined ? {} : { live }),
    ...(desired === undefined ? {} : { desired }),
    ...(mount === undefined ? {} : { mount }),
  }
}

/** A device whose salt is known, one that nobody asked, one that may not have written the log, and a log in clear. */
type Device = 'known' | 'unasked' | 'doubtful' | 'raw'

const saltsOf: Readonly<Record<Device, readonly string[]>> = {
  known: [salt],
  unasked: [],
  doubtful: ['another device'],
  raw: [],
}

function ask(about: About, written: readonly (Written | JsonObject)[], device: Device = 'known'): Attribution {
  const subject = subjectOf(about)
  const gathered = trails(kinds, [subject])
  for (const line of written) {
    const json = 'request' in line ? line : entry(device === 'raw' ? undefined : salt, line as Written)
    const parsed = parseEntry(Buffer.from(JSON.stringify(json)))
    if (parsed !== undefined) gathered.add(parsed, 0)
  }
  const trail = gathered.of(subject)
  const needed = new Set(neededTexts(subject, trail))
  const hashes: Hashes = {
    of: (text) => (needed.has(text) ? saltsOf[device].map((one) => hmac(one, text)) : []),
    doubt: () => (device === 'known' ? undefined : 'nobody was asked'),
  }
  return attribute(subject, trail, hashes)
}

const made = ({ made }: Attribution) => made.map(({ request, fields }) => [request, fields.join()])

describe('of a policy', () => {
  test('the request whose text is there now did it, and that is verified', () => {
    const found = ask(policyCi, [writePolicy('files', 1), writePolicy('now', 2)])
    expect(found).toMatchObject({ verdict: 'verified', address: 'policy/ci' })
    expect(made(found)).toEqual([['request-2', 'policy']])
    expect(found.requests.map(({ id, asFiles }) => [id, asFiles])).toEqual([
      ['request-1', true],
      ['request-2', undefined],
    ])
  })

  test.each([
    ['base64', (text: string) => Buffer.from(text).toString('base64')],
    ['base64 with a line break', (text: string) => `${Buffer.from(text).toString('base64')}\n`],
    ['base64 in lines', (text: string) => `${Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n')}\n`],
  ])('a text that was written as %s is recognised', (_form, encode) => {
    const text = 'path "ops/data/*" { capabilities = ["read"] }\n'.repeat(3)
    const about = { ...policyCi, live: { policy: text } }
    expect(ask(about, [writePolicy(encode(text), 1)]).verdict).toBe('verified')
    expect(ask(about, [writePolicy(encode(`${text} `), 1)]).verdict).toBe('elsewhere')
  })

  test.each(['sys/policy/ci', 'sys/policies/acl/CI', 'sys/policies/acl/ci/', 'sys/policy/Ci'])(
    'a write at %s is one of the same policy',
    (path) => {
      const data = path.includes('acl') ? { policy: 'now' } : { rules: 'now' }
      expect(ask(policyCi, [writePolicy('now', 1, { path, data })]).verdict).toBe('verified')
    },
  )

  test('another text in the last write means that somebody else was at work', () => {
    const found = ask(policyCi, [writePolicy('now', 1), writePolicy('other', 2)])
    expect(found).toMatchObject({ verdict: 'elsewhere', made: [] })
    expect(found.reason).toContain('outside their range or by another path')
  })

  test('a hash of a device that may not have written the log accuses nobody', () => {
    const found = ask(policyCi, [writePolicy('other', 1)], 'doubtful')
    expect(found).toMatchObject({ verdict: 'unverified', reason: 'nobody was asked' })
  })

  test('without hashes the last write is named, and that nothing was compared', () => {
    const found = ask(policyCi, [writePolicy('other', 1), writePolicy('other', 2)], 'unasked')
    expect(found).toMatchObject({ verdict: 'unverified', reason: 'nobody was asked' })
    expect(made(found)).toEqual([['request-2', 'policy']])
  })

  test('a log in clear is compared without asking anybody', () => {
    expect(ask(policyCi, [writePolicy('now', 1)], 'raw').verdict).toBe('verified')
    expect(ask(policyCi, [writePolicy('other', 1)], 'raw').verdict).toBe('elsewhere')
  })

  test('refused attempts are listed apart and made nothing', () => {
    const refused = writePolicy('now', 2, { error: 'permission denied' })
    const found = ask(policyCi, [writePolicy('other', 1), refused])
    expect(found.verdict).toBe('elsewhere')
    expect(found.refused.map(({ id, outcome }) => [id, outcome])).toEqual([['request-2', 'refused']])
  })

  test('reads, and requests about others, touch nothing', () => {
    const others = [
      writePolicy('now', 1, { operation: 'read' }),
      writePolicy('now', 2, { path: 'sys/policies/acl/ci-2' }),
      writePolicy('now', 3, { path: 'sys/policies/acl/ci', namespace: 'team/' }),
      writePolicy('now', 4, { path: 'sys/policies/password/ci' }),
    ]
    expect(ask(policyCi, others)).toMatchObject({ verdict: 'untouched', requests: [], refused: [] })
  })

  test('the order is that of the times, not of the lines', () => {
    const found = ask(policyCi, [writePolicy('now', 9), writePolicy('other', 1)])
    expect(found.verdict).toBe('verified')
    const precise = (id: string, time: string, text: string) => writePolicy(text, 0, { id, time })
    const close = [
      precise('b', '2026-11-20T14:00:00.1Z', 'now'),
      precise('a', '2026-11-20T14:00:00Z', 'other'),
      precise('0', '2026-11-20T15:00:00+02:00', 'other'),
    ]
    expect(ask(policyCi, close).verdict).toBe('verified')
  })

  test('without any times the order of the lines counts', () => {
    const timeless = (text: string, at: number) => {
      const { time: _, ...rest } = entry(salt, writePolicy(text, at)) as JsonObject
      return rest
    }
    expect(ask(policyCi, [timeless('other', 1), timeless('now', 2)]).verdict).toBe('verified')
    expect(ask(policyCi, [timeless('now', 1), timeless('other', 2)]).verdict).toBe('elsewhere')
  })

  test('a request and its answer are one, in whichever order they come', () => {
    const [asked, answered] = [writePolicy('now', 1, { type: 'request' }), writePolicy('now', 1)]
    for (const lines of [
      [asked, answered],
      [answered, asked],
      [asked, answered, asked, answered],
    ])
      expect(ask(policyCi, lines)).toMatchObject({ verdict: 'verified', requests: [{ outcome: 'done' }] })
  })

  test('a request without an answer counts where its text is what is there', () => {
    const unanswered = (text: string) => writePolicy(text, 2, { type: 'request' })
    const found = ask(policyCi, [writePolicy('other', 1), unanswered('now')])
    expect(found).toMatchObject({ verdict: 'verified', made: [{ request: 'request-2' }] })
    expect(ask(policyCi, [writePolicy('now', 1), unanswered('other')])).toMatchObject({
      verdict: 'verified',
      made: [{ request: 'request-1' }],
    })
  })
})

describe('what is gone', () => {
  const remove = (at: number, path = 'sys/policies/acl/ci') => writePolicy('', at, { operation: 'delete', path })

  test('was removed by the request that removed it', () => {
    expect(made(ask(policyGone, [writePolicy('files', 1), remove(2)]))).toEqual([['request-2', '']])
    expect(ask(policyGone, [writePolicy('files', 1), remove(2)]).verdict).toBe('verified')
  })

  test('and was there at the end of the logs, was removed outside them', () => {
    expect(ask(policyGone, [remove(1), writePolicy('files', 2)]).verdict).toBe('elsewhere')
  })

  test('and came back, was made by the write after that', () => {
    const lines = [writePolicy('now', 1), remove(2), writePolicy('now', 3)]
    expect(made(ask(policyCi, lines))).toEqual([['request-3', 'policy']])
    expect(ask(policyCi, lines.slice(0, 2))).toMatchObject({ verdict: 'elsewhere' })
  })

  const role: About = { kind: 'jwt-role', names: ['jwt', 'ci'], desired: { user_claim: 'sub' }, namespace: 'a/b' }

  test.each([
    ['its mount was disabled', 'sys/auth/jwt', 'a/b/'],
    ['its namespace was deleted', 'sys/namespaces/b', 'a/'],
    ['the namespace around that was deleted', 'sys/namespaces/a/', undefined],
  ])('goes with what contains it: %s', (_what, path, namespace) => {
    const lines = [
      writePolicy('', 1, { path: 'auth/jwt/role/ci', data: { user_claim: 'sub' }, namespace: 'a/b/' }),
      { ...remove(2, path), ...(namespace === undefined ? {} : { namespace }) },
    ]
    expect(made(ask(role, lines))).toEqual([['request-2', '']])
  })

  test('does not go with what contains something else', () => {
    const lines = [remove(1, 'sys/auth/jwt2'), remove(2, 'sys/namespaces/c'), remove(3, 'sys/auth/jwt')]
    expect(ask(role, lines).verdict).toBe('untouched')
  })

  test('may have been moved, which the hashes of both mounts tell', () => {
    const move = (from: string, to: string) =>
      writePolicy('', 5, { path: 'sys/remount', data: { from, to }, namespace: 'a/b/' })
    expect(made(ask(role, [move('auth/jwt/', 'auth/old')]))).toEqual([['request-5', '']])
    expect(ask(role, [move('auth/other', 'auth/old')]).verdict).toBe('untouched')
    expect(ask(role, [move('auth/jwt', 'auth/old')], 'unasked')).toMatchObject({
      verdict: 'untouched',
      reason: 'sys/remount was used, and which mounts it moved is hashed',
    })
  })

  test('is no stranger’s doing while a move might have taken it', () => {
    const lines = [
      writePolicy('', 1, { path: 'sys/auth/jwt', data: { type: 'jwt' }, namespace: 'a/b/' }),
      writePolicy('', 5, { path: 'sys/remount', data: { from: 'auth/jwt', to: 'auth/old' }, namespace: 'a/b/' }),
    ]
    const mount: About = { kind: 'auth-mount', names: ['jwt'], desired: { type: 'jwt' }, namespace: 'a/b' }
    expect(made(ask(mount, lines))).toEqual([['request-5', '']])
    expect(ask(mount, lines, 'unasked')).toMatchObject({ verdict: 'unverified', made: [] })
    expect(ask(mount, lines.slice(0, 1), 'unasked').verdict).toBe('elsewhere')
  })

  test('may have been lost when a snapshot was restored', () => {
    const restore = writePolicy('', 7, { path: 'sys/storage/raft/snapshot-force' })
    expect(ask(role, [restore])).toMatchObject({ verdict: 'unverified', made: [{ request: 'request-7' }] })
  })
})

describe('of a role, which keeps what a write leaves out', () => {
  const live = { user_claim: 'sub', token_ttl: 600, bound_claims: { project_id: '43' } }
  const role: About = {
    kind: 'jwt-role',
    names: ['jwt', 'ci'],
    live,
    desired: { user_claim: 'sub', token_ttl: 300, bound_claims: { project_id: '42' } },
  }
  const write = (data: JsonObject, at: number, operation = 'update') =>
    writePolicy('', at, { path: 'auth/jwt/role/CI', data, operation })

  test('each drifted field is the doing of the last write that named it', () => {
    const lines = [
      write(role.desired as JsonObject, 1, 'create'),
      write({ bound_claims: { project_id: '43' } }, 2),
      write({ token_ttl: '10m', user_claim: 'sub' }, 3),
    ]
    expect(made(ask(role, lines))).toEqual([
      ['request-2', 'bound_claims'],
      ['request-3', 'token_ttl'],
    ])
    expect(ask(role, lines).verdict).toBe('verified')
  })

  test('a field that was set outside the logs is named', () => {
    const found = ask(role, [write({ token_ttl: 600 }, 1)])
    expect(found.verdict).toBe('elsewhere')
    expect(found.reason).toContain('(bound_claims)')
    expect(made(found)).toEqual([['request-1', 'token_ttl']])
  })

  test('a spelling that no hash can be compared for is said, not guessed', () => {
    const found = ask(role, [write({ token_ttl: '0.5h', bound_claims: { project_id: '43' } }, 1)])
    expect(found).toMatchObject({ verdict: 'unverified' })
    expect(found.reason).toContain('(token_ttl)')
  })

  test('role_type, which a write resets when it leaves it out, was changed by the one that did', () => {
    const oidc = { ...role, live: { ...live, token_ttl: 300 }, desired: { ...live, token_ttl: 300, role_type: 'jwt' } }
    const found = ask(oidc, [write({ role_type: 'jwt' }, 1, 'create'), write({ token_ttl: 300 }, 2)])
    expect(made(found)).toEqual([['request-2', 'role_type']])
    expect(found.verdict).toBe('verified')
  })

  test('old names of fields are fields', () => {
    expect(ask(role, [write({ ttl: '10m', bound_claims: { project_id: '43' } }, 1)]).verdict).toBe('verified')
  })
})

describe('of a mount', () => {
  const mount: About = {
    kind: 'auth-mount',
    names: ['jwt'],
    live: { type: 'jwt', description: 'now', default_lease_ttl: 300 },
    desired: { type: 'jwt', description: 'files', default_lease_ttl: 600 },
  }

  test.each(['sys/auth/jwt/tune', 'sys/mounts/auth/jwt/tune'])('%s tunes it', (path) => {
    const lines = [writePolicy('', 1, { path, data: { description: 'now', default_lease_ttl: '5m' } })]
    expect(made(ask(mount, lines))).toEqual([['request-1', 'default_lease_ttl,description']])
  })

  test('enabling it sets everything', () => {
    const data = { type: 'jwt', description: 'now', config: { default_lease_ttl: '300s' } }
    expect(ask(mount, [writePolicy('', 1, { path: 'sys/auth/jwt', data })]).verdict).toBe('verified')
  })

  test('tuning leaves alone what it does not name', () => {
    const lines = [writePolicy('', 1, { path: 'sys/auth/jwt/tune', data: { description: 'now' } })]
    expect(ask(mount, lines).reason).toContain('(default_lease_ttl)')
  })
})

test('of thousands of writes the newest are kept, and the others are counted', () => {
  const lines = Array.from({ length: 5000 }, (_, index) =>
    writePolicy(index === 4999 ? 'now' : 'other', 0, {
      id: `request-${index}`,
      time: new Date(Date.UTC(2026, 10, 20) + index * 1000).toISOString(),
    }),
  )
  const found = ask(policyCi, lines)
  expect(found).toMatchObject({ verdict: 'verified', made: [{ request: 'request-4999' }] })
  expect(found.requests.length + found.more.requests).toBe(5000)
  expect(found.requests.length).toBeLessThan(20)
})

test('who asked is told with the login’s own notes, and without any token', () => {
  const auth = {
    display_name: 'jwt-22',
    entity_id: 'e-1',
    token_policies: ['admin'],
    metadata: { role: 'ci-admin', project_path: 'platform/infra', ref: 'main', job_id: '123' },
    accessor: hmac(salt, 'accessor'),
    client_token: hmac(salt, 'token'),
  }
  const more = { headers: { 'user-agent': ['curl/8'] } }
  const [request] = ask(policyCi, [writePolicy('now', 1, { auth, more })]).requests
  expect(request).toEqual({
    id: 'request-1',
    time: '2026-11-20T14:00:01.000000000Z',
    operation: 'update',
    path: 'sys/policies/acl/ci',
    namespace: '',
    does: 'write',
    outcome: 'done',
    who: {
      name: 'jwt-22',
      entity: 'e-1',
      policies: ['admin'],
      metadata: auth.metadata,
      accessor: auth.accessor,
    },
    from: '10.1.2.3',
    userAgent: 'curl/8',
    fields: ['policy'],
  })
  expect(JSON.stringify(request)).not.toContain(auth.client_token)
})
