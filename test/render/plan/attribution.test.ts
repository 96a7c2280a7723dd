import { expect, test } from 'vitest'
import type { Attribution, AuditedRequest } from '../../../src/core/attribution.ts'
import { attributionLines } from '../../../src/render/plan/attribution.ts'
import { created, environmentOf } from './plans.ts'

const change = created({ a: 1 })

const request = (more: Partial<AuditedRequest> = {}): AuditedRequest => ({
  id: '1',
  time: '2026-11-20T14:03:07.123456789Z',
  operation: 'update',
  path: 'sys/policies/acl/ci',
  namespace: '',
  does: 'write',
  outcome: 'done',
  who: { name: 'root', policies: ['root'], metadata: {} },
  fields: ['policy'],
  ...more,
})

function lines(found: Partial<Attribution>): string[] {
  const attribution: Attribution = {
    address: change.address,
    verdict: 'verified',
    made: [],
    requests: [],
    refused: [],
    more: { requests: 0, refused: 0 },
    ...found,
  }
  const range = { from: '2026-11-01T00:00:00.000000000Z', to: '2026-11-30T00:00:00.000000000Z' }
  return attributionLines(
    { ...environmentOf([change]), attribution: { ...range, objects: [attribution] } },
    change.address,
  )
}

const made = [{ request: '1', fields: [] }]

test('without logs nothing is said', () => {
  expect(attributionLines(environmentOf([change]), change.address)).toEqual([])
})

test.each<[string, Partial<AuditedRequest>, string]>([
  [
    'a token of which the login noted nothing',
    {},
    'who: 2026-11-20 14:03:07 UTC by root (policy root): update of sys/policies/acl/ci',
  ],
  [
    'a job, its role first',
    { who: { name: 'jwt-22', entity: 'e', policies: ['a'], metadata: { ref: 'main', role: 'ci' } }, from: '10.1.2.3' },
    'who: 2026-11-20 14:03:07 UTC by jwt-22 (role ci, ref main) from 10.1.2.3: update of sys/policies/acl/ci',
  ],
  [
    'an entity, through another node, in a namespace',
    {
      who: { name: 'x', entity: 'e-1', policies: [], metadata: {} },
      from: '::1',
      forwardedFrom: 'node:8201',
      namespace: 'team',
    },
    'who: 2026-11-20 14:03:07 UTC by x (entity e-1) from ::1 (through node:8201): update of sys/policies/acl/ci in namespace team',
  ],
  [
    'nobody, at no time',
    { who: { name: '', policies: [], metadata: {} }, time: '' },
    'who: at an unknown time by nobody the server knew: update of sys/policies/acl/ci',
  ],
  [
    'an apply whose answer is missing',
    { outcome: 'unknown', asFiles: true },
    'who: 2026-11-20 14:03:07 UTC by root (policy root): update of sys/policies/acl/ci, of which the logs have no answer, as the files say',
  ],
])('names %s', (_who, more, line) => {
  expect(lines({ made, requests: [request(more)] })).toEqual([
    line,
    'verified: what is there is what this request wrote',
  ])
})

test('the fields that a request set stand behind its path', () => {
  const [line] = lines({ made: [{ request: '1', fields: ['token_ttl', 'bound_claims'] }], requests: [request()] })
  expect(line).toMatch(/update of sys\/policies\/acl\/ci \(token_ttl, bound_claims\)$/)
})

test('a removal is not said to be what is there', () => {
  expect(lines({ made, requests: [request({ does: 'remove', operation: 'delete' })] })).toHaveLength(1)
})

test('what could not be verified says why, and what is not in the logs says what is', () => {
  expect(lines({ verdict: 'unverified', reason: 'nobody was asked', made, requests: [request()] })[1]).toBe(
    'not verified: nobody was asked',
  )
  expect(lines({ verdict: 'elsewhere', reason: 'it is another', requests: [request()] })).toEqual([
    'last in the logs: 2026-11-20 14:03:07 UTC by root (policy root): update of sys/policies/acl/ci',
    'not in the logs (2026-11-01 00:00:00 to 2026-11-30 00:00:00 UTC): it is another',
  ])
  expect(lines({ verdict: 'untouched' })).toEqual([
    'nothing in the given logs (2026-11-01 00:00:00 to 2026-11-30 00:00:00 UTC) touched it',
  ])
})

test('of many refused attempts the last ones are shown and the others counted', () => {
  const refused = Array.from({ length: 5 }, (_, index) => request({ id: String(index), outcome: 'refused' }))
  const shown = lines({ verdict: 'untouched', refused, more: { requests: 0, refused: 7 } })
  expect(shown.filter((line) => line.startsWith('refused: '))).toHaveLength(3)
  expect(shown.at(-1)).toBe('and 9 more refused attempts before')
})

test('a name that would be another line, or a terminal’s command, stays text of one line', () => {
  const who = { name: 'eve\n  verified: \x1b[2J', policies: [], metadata: { role: '\u202exyz' } }
  const [line, ...rest] = lines({ verdict: 'unverified', reason: 'no', made, requests: [request({ who })] })
  expect(line).toContain('by "eve\\n  verified: \\u001b[2J" (role "\\u202exyz")')
  expect(rest).toEqual(['not verified: no'])
})

test('a claim that would be the rest of the sentence is quoted', () => {
  const who = { name: 'jwt-22', policies: [], metadata: { ref: 'main) from 10.0.0.1: read of x', role: 'a"b' } }
  expect(lines({ made, requests: [request({ who })] })[0]).toContain(
    'by jwt-22 (role "a\\"b", ref "main) from 10.0.0.1: read of x"): update of',
  )
})

test('a name of any length takes no more than a line', () => {
  const who = {
    name: 'x'.repeat(10_000),
    policies: [],
    metadata: Object.fromEntries([...Array(100).keys()].map((key) => [`k${key}`, 'v'])),
  }
  expect(lines({ made, requests: [request({ who })] })[0]?.length).toBeLessThan(400)
})
