import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Acl, buildAcl } from '../../../src/access/acl/acl.ts'
import { decide } from '../../../src/access/acl/decide.ts'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import { lostRequest, type Requests } from '../../../src/access/proof/lost.ts'
import { newestServers } from '../../../src/core/version.ts'

const server = newestServers.vault

function acl(text: string): Acl {
  const parsed = parsePolicy('p', text, server)
  if ('refused' in parsed) throw new Error(parsed.refused.errors.join())
  return buildAcl([parsed.policy], server)
}

const rule = (path: string, ...capabilities: string[]) =>
  `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`
const update = (path: string, more: Partial<Requests> = {}): Requests => ({
  operation: 'update',
  path,
  many: false,
  ...more,
})
const every = (path: string): Requests => ({ operation: 'update', path, many: true })

describe('a request that could be made and no longer can', () => {
  test('is none where the same rules say the same, or others as much', () => {
    expect(lostRequest(acl(rule('a/*', 'update')), acl(rule('a/*', 'update')), every('a/*'))).toBeUndefined()
    expect(lostRequest(acl(rule('a/*', 'update')), acl(rule('+/*', 'update', 'read')), every('a/*'))).toBeUndefined()
  })

  test('is none where it could not be made before', () => {
    expect(lostRequest(acl(rule('b', 'update')), acl(''), update('a'))).toBeUndefined()
  })

  test('is found at the path where another rule denies it, and is not where that rule is elsewhere', () => {
    const before = acl(rule('a/*', 'update'))
    expect(lostRequest(before, acl(rule('a/*', 'update') + rule('a/q', 'deny')), every('a/*'))).toMatchObject({
      path: 'a/q',
    })
    expect(lostRequest(before, acl(rule('a/*', 'update') + rule('b/q', 'deny')), every('a/*'))).toBeUndefined()
  })

  test('is found where a narrower rule of less shadows the one that granted it', () => {
    const after = acl(rule('a/*', 'update') + rule('a/b*', 'read'))
    expect(lostRequest(acl(rule('a/*', 'update')), after, every('a/*'))).toMatchObject({
      path: expect.stringMatching(/^a\/b/),
    })
    expect(lostRequest(acl(rule('a/*', 'update')), after, update('a/c'))).toBeUndefined()
  })

  test('needs sudo where the path does, and only there', () => {
    const [with_, without] = [acl(rule('*', 'update', 'sudo')), acl(rule('*', 'update'))]
    expect(lostRequest(with_, without, update('sys/auth/jwt'))).toMatchObject({ denial: { why: 'sudo' } })
    expect(lostRequest(with_, without, update('sys/mounts/auth/jwt/tune'))).toBeUndefined()
  })

  test('may be made at another path instead', () => {
    const list: Requests = { operation: 'list', path: 'a', many: false, instead: 'b' }
    const both = acl(rule('a', 'list') + rule('b', 'list'))
    expect(lostRequest(both, acl(rule('b', 'list')), list)).toBeUndefined()
    expect(lostRequest(acl(rule('b', 'list')), acl(rule('a', 'list')), list)).toBeUndefined()
    expect(lostRequest(both, acl(rule('b', 'read')), list)).toMatchObject({ path: 'a' })
  })

  test('is lost when it would have to be wrapped', () => {
    const after = acl('path "a" { capabilities = ["update"]\n min_wrapping_ttl = "1s" }')
    expect(lostRequest(acl(rule('a', 'update')), after, update('a'))).toMatchObject({ denial: { why: 'wrapping' } })
  })

  test('is lost where a parameter that it sends is not allowed any more, and not where all that it sends are', () => {
    const limited = (parameters: string) => acl(`path "a" { capabilities = ["update"]\n ${parameters} }`)
    const sent = update('a', { sends: ['policy'] })
    for (const parameters of [
      'allowed_parameters = { "other" = [] }',
      'allowed_parameters = { "policy" = ["x"] }',
      'denied_parameters = { "*" = [] }',
      'denied_parameters = { "policy" = [] }',
      'required_parameters = ["cas"]',
    ])
      expect(lostRequest(acl(rule('a', 'update')), limited(parameters), sent), parameters).toBeDefined()
    for (const parameters of [
      'allowed_parameters = { "*" = [] }',
      'allowed_parameters = { "policy" = [] }',
      'denied_parameters = { "other" = [] }',
      'required_parameters = ["policy"]',
    ])
      expect(lostRequest(acl(rule('a', 'update')), limited(parameters), sent), parameters).toBeUndefined()
  })

  test('is none of a root token', () => {
    const root = buildAcl([{ name: 'root', rules: [] }], server)
    expect(lostRequest(root, root, every('*'))).toBeUndefined()
    expect(lostRequest(root, acl(''), update('a'))).toMatchObject({ denial: { why: 'no rule' } })
  })
})

const paths = fc.constantFrom(
  'a/*',
  'a/b',
  'a/b*',
  'a/+',
  'a/+/c',
  '+/b',
  'a/b/c',
  '*',
  'a/bb',
  'a/b/*',
  'sys/auth/*',
  '+/+',
)
const texts = fc
  .array(fc.tuple(paths, fc.constantFrom(['update'], ['read'], ['deny'], ['update', 'sudo'], ['update', 'read'])), {
    maxLength: 4,
  })
  .map((rules) => rules.map(([path, capabilities]) => rule(path, ...capabilities)).join(''))
const alphabet = ['a', 'b', 'bb', 'c', 'x', 'sys', 'auth']
const samples = alphabet.flatMap((one) => [
  one,
  ...alphabet.flatMap((two) => [`${one}/${two}`, ...alphabet.map((three) => `${one}/${two}/${three}`)]),
])

test('over all paths of a pattern: found wherever a sample shows it, and what is found is so', () => {
  const counts = { lost: 0, kept: 0 }
  fc.assert(
    fc.property(texts, texts, fc.constantFrom('a/*', 'a/b*', '*', 'sys/auth/*'), (was, is, pattern) => {
      const [before, after] = [acl(was), acl(is)]
      const can = (one: Acl, path: string) => decide(one, { operation: 'update', path }).allowed
      const found = lostRequest(before, after, every(pattern))
      if (found === 'undecided') throw new Error('undecided')
      const shown = samples.find(
        (path) => path.startsWith(pattern.slice(0, -1)) && can(before, path) && !can(after, path),
      )
      if (shown !== undefined) expect(found, shown).toBeDefined()
      if (found === undefined) return void counts.kept++
      counts.lost++
      expect([can(before, found.path), can(after, found.path)]).toEqual([true, false])
      expect(found.path.startsWith(pattern.slice(0, -1))).toBe(true)
    }),
    { numRuns: 600, seed: 11 },
  )
  expect(counts.lost).toBeGreaterThan(100)
  expect(counts.kept).toBeGreaterThan(100)
})
