import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { text } from '../../../src/render/plan/text.ts'
import { created, deleted, environmentOf, hostilePlan, planOf, server, updated } from './plans.ts'

const plain = { color: false, question: 'plan' } as const
const lastLine = (rendered: string) => rendered.trimEnd().split('\n').at(-1)

describe('whatever the names and texts', () => {
  test('without colour, no character steers the terminal', () => {
    fc.assert(
      fc.property(hostilePlan, fc.constantFrom('plan', 'drift'), fc.boolean(), (plan, question, verbose) => {
        const rendered = text.plan(plan, { color: false, question: question as 'plan', verbose })
        expect(rendered.replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })

  test('colours are all that colour adds', () => {
    fc.assert(
      fc.property(hostilePlan, (plan) => {
        const colored = text.plan(plan, { ...plain, color: true })
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the escapes are what is removed
        expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(text.plan(plan, plain))
      }),
    )
  })
})

describe('the last line counts', () => {
  test('changes of all environments', () => {
    const plan = planOf(
      environmentOf([created({ a: 1 }), deleted({})]),
      environmentOf([updated([])], { environment: 'staging' }),
      environmentOf([], { environment: 'test' }),
    )
    const rendered = text.plan(plan, plain)
    expect(lastLine(rendered)).toBe('Plan: 1 to create, 1 to update, 1 to delete (in 2 of 3 environments).')
    expect(rendered).toContain('\ntest matches the files.\n')
    expect(lastLine(text.plan(plan, { ...plain, question: 'drift' }))).toMatch(/^Drift: 1 missing, 1 changed, 1 added/)
  })

  test('or says that there is nothing to do, and where', () => {
    const names = (...all: string[]) => planOf(...all.map((environment) => environmentOf([], { environment })))
    expect(text.plan(names('production'), plain)).toBe('No changes. production matches the files.\n')
    expect(text.plan(names('a', 'b', 'c'), plain)).toBe('No changes. a, b and c match the files.\n')
    expect(text.plan(names(...'abcdef'), plain)).toBe('No changes. 6 environments match the files.\n')
    expect(text.plan(names(), plain)).toBe('No changes. There is no environment to compare.\n')
    expect(text.plan(names('a'), { ...plain, question: 'drift' })).toBe('No drift. a matches the files.\n')
  })

  test('and what is in no file, so that nothing is said to match that does not', () => {
    const drift = { ...plain, question: 'drift' } as const
    const rogue = environmentOf([], { unmanaged: ['policy/a', 'policy/b'] })
    const one = environmentOf([], { environment: 'test', unmanaged: ['policy/c'] })
    const same = environmentOf([], { environment: 'staging' })
    const changed = environmentOf([updated([])], { environment: 'dev' })
    const last = (options: typeof plain | typeof drift, ...all: Parameters<typeof planOf>) =>
      lastLine(text.plan(planOf(...all), options))
    expect(last(plain, rogue)).toBe('No changes, but 2 objects on the server are in no file.')
    expect(last(drift, rogue)).toBe('No drift in what the files describe; 2 objects on the server are in no file.')
    expect(last(plain, one)).toBe('No changes, but 1 object on the server is in no file.')
    expect(last(plain, one, same, rogue)).toBe(
      'No changes, but 3 objects on the server are in no file. staging matches the files.',
    )
    expect(last(drift, changed, rogue)).toBe(
      'Drift: 0 missing, 1 changed, 0 added (in 1 of 2 environments); 2 objects on the server are in no file.',
    )
    expect(text.plan(planOf(changed, rogue), plain)).not.toContain('match')
    expect(text.plan(planOf(changed, rogue, same), plain)).toContain('\nstaging matches the files.\nPlan: ')
  })
})

test('changes stand under their kind, in the order in which the plan first names it', () => {
  const plan = planOf(environmentOf([created({}, 'mount', 'm'), created({}, 'role', 'r'), deleted({}, 'mount', 'old')]))
  const heads = text
    .plan(plan, plain)
    .split('\n')
    .filter((line) => /^ {2}\S/.test(line))
  expect(heads).toEqual([
    '  mount: 1 to create, 1 to delete',
    '  + mount/m (m.yaml:3)',
    '  - mount/old',
    '  role: 1 to create',
    '  + role/r (r.yaml:3)',
  ])
})

test('an object to delete takes one line, and all of its fields when asked', () => {
  const plan = planOf(environmentOf([deleted({ token_ttl: 300, policy: 'a\nb\n' })]))
  expect(text.plan(plan, plain)).toContain('\n      has policy (2 lines), token_ttl 5m\n')
  const verbose = text.plan(plan, { ...plain, verbose: true })
  expect(verbose).toContain('\n          - a\n          - b\n')
  expect(verbose).toContain('\n      token_ttl: 5m\n')
})

test('values of one change stand in a column', () => {
  const rendered = text.plan(planOf(environmentOf([created({ a: 1, longer: 2 })])), plain)
  expect(rendered).toContain('\n      a:      1\n      longer: 2\n')
})

test('the namespace is named where it is not the root, the cluster when asked', () => {
  const environment = { ...environmentOf([created({})]), server: { ...server, namespace: 'team', clusterId: 'c-1' } }
  expect(text.plan(planOf(environment), plain)).toContain(
    'production  Vault 1.21.0 at https://vault.example.com, namespace team\n',
  )
  expect(text.plan(planOf(environment), { ...plain, verbose: true })).toContain(', namespace team, cluster c-1\n')
})
