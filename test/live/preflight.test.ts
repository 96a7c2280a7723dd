import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { configuration } from '../commands/fixture.ts'
import type { Files } from '../support/files.ts'
import { liveVault } from '../support/live-vault.ts'
import { type OperatorWorld, operatorWorld, type Running } from './operator-world.ts'

let world: OperatorWorld

let counter = 0
const ownName = () => `pre-${process.pid}-${counter++}`

/** By path: what a token has to have. */
type Grants = Readonly<Record<string, readonly string[]>>

const text = (grants: Grants) =>
  Object.entries(grants)
    .map(([path, capabilities]) => `path "${path}" { capabilities = ${JSON.stringify(capabilities)} }\n`)
    .join('')

const lock: Grants = { 'sys/policies/acl/vaultwright-lock-*': ['read', 'update', 'delete'] }

/** What planning has read before: without it there is no plan to look at. */
const planning = (id: string): Grants => ({
  'sys/auth': ['read'],
  'sys/policies/acl': ['list'],
  'sys/policies/detailed/acl': ['list'],
  [`auth/${id}/role`]: ['list'],
  'sys/capabilities-self': ['update'],
})

interface Scenario {
  readonly name: string
  /** What is there before; nothing where absent. */
  before?(id: string): Files
  after(id: string): Files
  readonly words?: (id: string) => readonly string[]
  /** What the changes take besides what was read for the plan; each of it is left out in turn. */
  needed(id: string): Grants
  /** What the plan reads. */
  read?(id: string): Grants
}

const all = (id: string) => configuration(id)
const environment = (id: string, more = '') => `${configuration(id)['environments/production.yaml']}${more}`

const scenarios: readonly Scenario[] = [
  {
    name: 'everything is made',
    after: all,
    read: (id) => ({ [`sys/policies/acl/${id}-read`]: ['read'] }),
    needed: (id) => ({
      [`sys/auth/${id}`]: ['update', 'sudo'],
      [`auth/${id}/config`]: ['read', 'update'],
      [`sys/policies/acl/${id}-read`]: ['update'],
      [`auth/${id}/role/ci`]: ['create', 'read'],
      ...lock,
    }),
  },
  {
    name: 'everything is changed',
    before: all,
    after: (id) => ({
      ...all(id),
      'environments/production.yaml': environment(id)
        .replace('type: jwt\n', 'type: jwt\n    description: other\n')
        .replace('config: {', 'config: { bound_issuer: "https://i",'),
      'roles/ci.yaml': String(all(id)['roles/ci.yaml']).replace('"42"', '"43"'),
      [`policies/${id}-read.hcl`]: 'path "other/*" { capabilities = ["read"] }\n',
    }),
    read: (id) => ({
      [`auth/${id}/config`]: ['read'],
      [`sys/policies/acl/${id}-read`]: ['read'],
      [`auth/${id}/role/ci`]: ['read'],
    }),
    needed: (id) => ({
      [`sys/mounts/auth/${id}/tune`]: ['update'],
      [`auth/${id}/config`]: ['update'],
      [`sys/policies/acl/${id}-read`]: ['update'],
      [`auth/${id}/role/ci`]: ['update'],
    }),
  },
  {
    name: 'everything goes',
    before: all,
    after: (id) => ({
      'environments/production.yaml': `auth: {}\nowns: { auth: [${id}], policies: ["${id}-read"], roles: { ${id}: ["*"] } }\nunmanaged: delete\n`,
    }),
    words: (id) => ['--allow', `delete:auth-mount/${id}`, '--allow', `empty:auth-mount/${id}`],
    read: (id) => ({
      [`auth/${id}/config`]: ['read'],
      [`sys/policies/acl/${id}-read`]: ['read'],
      [`auth/${id}/role/ci`]: ['read'],
    }),
    needed: (id) => ({
      [`sys/auth/${id}`]: ['delete', 'sudo'],
      [`sys/policies/acl/${id}-read`]: ['delete'],
      [`auth/${id}/role/ci`]: ['delete'],
    }),
  },
]

const creation = scenarios[0] as Scenario

function merged(...some: readonly Grants[]): Grants {
  const paths = new Map<string, Set<string>>()
  for (const [path, capabilities] of some.flatMap((grants) => Object.entries(grants)))
    paths.set(path, new Set([...(paths.get(path) ?? []), ...capabilities]))
  return Object.fromEntries([...paths].map(([path, set]) => [path, [...set]]))
}

function without(grants: Grants, path: string, capability: string): Grants {
  return { ...grants, [path]: (grants[path] ?? []).filter((name) => name !== capability) }
}

/** The lines that are shown to be copied. */
const pasted = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('    path "'))
    .join('\n')

const servers: readonly (readonly [string, () => Promise<Running>])[] = [
  ['a real server', async () => ({ ...(await liveVault()), close: async () => {} })],
  ['the sandbox', startSandbox],
]

describe.each(servers)('on %s', (_name, start) => {
  let running: Running

  beforeAll(async () => {
    running = await start()
    world = await operatorWorld(running)
  })

  afterAll(() => running.close())

  for (const scenario of scenarios) {
    const needs = Object.entries(scenario.needed('ID')).flatMap(([path, names]) =>
      names.map((name) => [name, path] as const),
    )
    describe(`${scenario.name}, by a token that may do all it takes but one thing`, () => {
      test.each(needs)(
        '%s %s: that is named, nothing is written, and the lines shown make it pass',
        async (capability, at) => {
          const id = ownName()
          const path = at.replaceAll('ID', id)
          if (scenario.before !== undefined)
            expect(await world.apply(scenario.before(id), world.root)).toMatchObject({ code: 0 })
          const enough = merged(planning(id), scenario.read?.(id) ?? {}, lock, scenario.needed(id))
          const policy = `policy-${id}`
          const as = await world.tokenWith({ [policy]: text(without(enough, path, capability)) })
          const before = await world.state(id)
          const words = scenario.words?.(id) ?? []

          const refused = await world.apply(scenario.after(id), as, words)
          expect(refused).toMatchObject({ code: 1, stdout: expect.not.stringContaining('Applied') })
          expect(refused.stderr).toContain(`nothing was written, because the token may not ${capability} ${path}\n`)
          expect(await world.state(id), 'nothing is written').toEqual(before)

          const lines = pasted(refused.stderr)
          await world.must('POST', `sys/policies/acl/${policy}`, {
            policy: `${text(without(enough, path, capability))}\n${lines}`,
          })
          expect(await world.apply(scenario.after(id), as, words), lines).toMatchObject({ code: 0 })
          expect(await world.state(id)).not.toEqual(before)
          await world.remove(id)
          await world.must('DELETE', `sys/policies/acl/${policy}`)
        },
      )
    })
  }

  describe('the rest of a preflight', () => {
    test('all that is missing is named at once, and the lines make it pass', async () => {
      const id = ownName()
      const little = merged(planning(id), creation.read?.(id) ?? {})
      const as = await world.tokenWith({ [`policy-${id}`]: text(little) })
      const refused = await world.apply(all(id), as)
      const missing = Object.entries(creation.needed(id))
      for (const [path] of missing) expect(refused.stderr).toContain(`path "${path}" { capabilities`)
      expect(refused.stderr.match(/^ {4}path "/gm)).toHaveLength(missing.length)
      await world.must('POST', `sys/policies/acl/policy-${id}`, {
        policy: `${text(little)}\n${pasted(refused.stderr)}`,
      })
      expect(await world.apply(all(id), as)).toMatchObject({ code: 0 })
      await world.remove(id)
      await world.must('DELETE', `sys/policies/acl/policy-${id}`)
    })

    test('a line keeps what a wider rule granted at its path, which it hides', async () => {
      const id = ownName()
      const wide = merged(planning(id), creation.read?.(id) ?? {}, creation.needed(id), {
        [`auth/${id}/role/*`]: ['read', 'update', 'delete'],
      })
      const { [`auth/${id}/role/ci`]: _, ...less } = wide
      const as = await world.tokenWith({ [`policy-${id}`]: text(less) })
      const refused = await world.apply(all(id), as)
      expect(pasted(refused.stderr).trim()).toBe(
        `path "auth/${id}/role/ci" { capabilities = ["create", "read", "update", "delete"] }`,
      )
      await world.must('DELETE', `sys/policies/acl/policy-${id}`)
    })

    test('what only the way back takes is a warning, and so is a token that cannot be revoked', async () => {
      const id = ownName()
      const as = await world.tokenWith({
        [`policy-${id}`]: text(merged(planning(id), creation.read?.(id) ?? {}, creation.needed(id))),
      })
      const done = await world.apply(all(id), as)
      expect(done).toMatchObject({ code: 0 })
      expect(done.stderr).toContain('warning[no-way-back]')
      expect(done.stderr).toContain(`delete auth/${id}/role/ci`)
      await world.remove(id)
      await world.must('DELETE', `sys/policies/acl/policy-${id}`)
    })

    test('a token that may not ask is judged by its policies, where it can read them', async () => {
      const id = ownName()
      const { 'sys/capabilities-self': _, ...silent } = merged(
        planning(id),
        creation.read?.(id) ?? {},
        creation.needed(id),
      )
      const readable = { ...silent, 'auth/token/lookup-self': ['read'], [`sys/policies/acl/policy-${id}`]: ['read'] }
      const good = await world.tokenWith({ [`policy-${id}`]: text(without(readable, `auth/${id}/role/ci`, 'create')) })
      const refused = await world.apply(all(id), good)
      expect(refused.stderr).toContain(`the token may not create auth/${id}/role/ci\n`)
      expect((await world.state(id))['mount']).toBeNull()

      const dark = await world.tokenWith({ [`policy-${id}`]: text(silent) })
      const unknown = await world.apply(all(id), dark)
      expect(unknown).toMatchObject({ code: 1 })
      expect(unknown.stderr).toContain('path "sys/capabilities-self" { capabilities = ["update"] }')
      expect((await world.state(id))['mount']).toBeNull()
      expect(await world.apply(all(id), dark, ['--skip-preflight'])).toMatchObject({ code: 0 })
      await world.remove(id)
      await world.must('DELETE', `sys/policies/acl/policy-${id}`)
    })

    test('root is asked once, and everything is granted', async () => {
      const id = ownName()
      expect(await world.apply(all(id), world.root)).toMatchObject({
        code: 0,
        stderr: expect.not.stringContaining('no-way-back'),
      })
      await world.remove(id)
    })
  })
})
