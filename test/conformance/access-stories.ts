import { expect } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { answerTo, granted, type Holder, jobWith, logIn, permissionDenied, prepareSite } from './jobs.ts'
import type { Story } from './stories.ts'
import type { World } from './world.ts'

function rule(path: string, capabilities: readonly string[], more = ''): string {
  return `path "${path}" {\n  capabilities = ${JSON.stringify(capabilities)}\n${more}}\n`
}

async function capabilitiesOf(world: World, holder: Holder, paths: readonly string[]): Promise<JsonObject> {
  return (await answerTo(world, holder, 'POST', 'sys/capabilities-self', { paths })) as JsonObject
}

/** Writes a secret as root. */
async function keep(world: World, name: string, content: JsonObject): Promise<void> {
  expect(await world.byHand('POST', `secret/data/${world.id}/${name}`, { data: content })).toBe(200)
}

export const accessStories: readonly Story[] = [
  {
    title: 'what a token may is the same by each of the three ways to ask',
    async tell(world) {
      const { id } = world
      await prepareSite(world, {
        policies: { job: rule(`${id}/a`, ['update', 'read']) + rule(`${id}/b`, ['deny']) },
        roles: { ci: { token_policies: [`${id}-job`] } },
      })
      const { accessor = '', client_token } = await granted(world, 'ci')
      const holder = { token: String(client_token) }
      const paths = [`${id}/a`, `${id}/b`, `${id}/c`]
      const expected = { [`${id}/a`]: ['read', 'update'], [`${id}/b`]: ['deny'], [`${id}/c`]: ['deny'] }
      expect(await capabilitiesOf(world, holder, paths)).toEqual(expected)
      const asked = async (path: string, body: JsonObject) => (await world.ask('POST', path, body)).body?.['data']
      expect(await asked('sys/capabilities', { token: holder.token, paths })).toEqual(expected)
      expect(await asked('sys/capabilities-accessor', { accessor, paths })).toEqual(expected)
      const one = { [`${id}/a`]: ['read', 'update'], capabilities: ['read', 'update'] }
      expect(await capabilitiesOf(world, holder, [`${id}/a`])).toEqual(one)
      expect(await asked('sys/capabilities-self', { paths: [`${id}/a`] })).toMatchObject({ capabilities: ['root'] })
      expect(await answerTo(world, holder, 'POST', 'sys/capabilities', { token: holder.token, paths })).toEqual(
        permissionDenied,
      )
    },
  },
  {
    title: 'the rule that says most exactly where it stands decides alone',
    async tell(world) {
      const { id } = world
      const rules = [
        rule(`${id}/*`, ['list']),
        rule(`${id}/app/*`, ['create', 'update']),
        rule(`${id}/app/exact`, ['read']),
        rule(`${id}/+/any`, ['read', 'sudo']),
        rule(`${id}/no/*`, ['deny']),
        rule(`${id}/none`, []),
        rule(`${id}/folder/`, ['list']),
        rule(`${id}/listed`, ['list', 'read']),
      ]
      const expected: Readonly<Record<string, readonly string[]>> = {
        x: ['list'],
        'app/x': ['create', 'update'],
        'app/exact': ['read'],
        'app/exact/x': ['create', 'update'],
        'other/any': ['read', 'sudo'],
        // The `+` stands before the `*` of `app/*`, and the earlier wildcard says less.
        'app/any': ['create', 'update'],
        'no/any': ['deny'],
        none: ['deny'],
        'folder/': ['list'],
        listed: ['list', 'read'],
        'listed/': ['list', 'read'],
      }
      const holder = await jobWith(world, rules.join(''))
      const whole = Object.fromEntries(Object.entries(expected).map(([path, caps]) => [`${id}/${path}`, caps]))
      expect(await capabilitiesOf(world, holder, Object.keys(whole))).toEqual(whole)
    },
  },
  {
    title: 'several policies add up, and one that denies takes everything',
    async tell(world) {
      const { id } = world
      const path = `${id}/shared`
      await prepareSite(world, {
        policies: { reads: rule(path, ['read']), writes: rule(path, ['update']), denies: rule(path, ['deny']) },
        roles: {
          both: { token_policies: [`${id}-reads`, `${id}-writes`] },
          all: { token_policies: [`${id}-reads`, `${id}-writes`, `${id}-denies`, `${id}-unwritten`] },
        },
      })
      const [both, all] = [await logIn(world, 'both'), await logIn(world, 'all')]
      expect(await capabilitiesOf(world, both, [path])).toMatchObject({ capabilities: ['read', 'update'] })
      expect(await capabilitiesOf(world, all, [path])).toMatchObject({ capabilities: ['deny'] })
    },
  },
  {
    title: 'a path with a slash at its end is looked up as each product does',
    async tell(world) {
      const { id } = world
      const every = ['create', 'delete', 'list', 'read', 'sudo', 'update']
      const holder = await jobWith(world, rule(`${id}/+/a`, every) + rule(`${id}*`, []))
      const found = await capabilitiesOf(world, holder, [`${id}/data/a/`])
      expect(found['capabilities']).toEqual(world.connection.server.product === 'vault' ? every : ['deny'])
    },
  },
  {
    title: 'a job reads the secret that it may read, and no other',
    async tell(world) {
      const { id } = world
      await keep(world, 'app/db', { password: 'made-up' })
      await keep(world, 'other/db', { password: 'made-up' })
      const holder = await jobWith(world, rule(`secret/data/${id}/app/*`, ['read']))
      const read = (path: string) => answerTo(world, holder, 'GET', path)
      expect(await read(`secret/data/${id}/app/db`)).toMatchObject({
        data: { password: 'made-up' },
        metadata: { version: 1 },
      })
      expect(await read(`secret/data/${id}/app/absent`)).toEqual({ status: 404, errors: [] })
      expect(await read(`secret/data/${id}/other/db`)).toEqual(permissionDenied)
      expect(await read(`secret/metadata/${id}/app/db`)).toEqual(permissionDenied)
      expect(await answerTo(world, holder, 'DELETE', `secret/data/${id}/app/db`)).toEqual(permissionDenied)
    },
  },
  {
    title: 'who may create may not update, and who may update may not create',
    async tell(world) {
      const { id } = world
      const rules = rule(`secret/data/${id}/once/*`, ['create']) + rule(`secret/data/${id}/again/*`, ['update'])
      const holder = await jobWith(world, rules)
      await keep(world, 'again/there', { n: '1' })
      const write = (name: string) => answerTo(world, holder, 'POST', `secret/data/${id}/${name}`, { data: { n: '2' } })
      expect(await write('once/new')).toMatchObject({ version: 1 })
      expect(await write('once/new')).toEqual(permissionDenied)
      expect(await write('again/there')).toMatchObject({ version: 2 })
      expect(await write('again/new')).toEqual(permissionDenied)
    },
  },
  {
    title: 'a list is allowed where its rule ends with a slash, and where it does not',
    async tell(world) {
      const { id } = world
      for (const name of ['a/one', 'b/one', 'c/one']) await keep(world, name, { n: '1' })
      const holder = await jobWith(
        world,
        rule(`secret/metadata/${id}/a`, ['list']) +
          rule(`secret/metadata/${id}/b/`, ['list']) +
          rule(`secret/metadata/${id}/c/`, ['read']),
      )
      const list = (name: string) => answerTo(world, holder, 'LIST', `secret/metadata/${id}/${name}`)
      expect(await list('a')).toEqual({ keys: ['one'] })
      expect(await list('b')).toEqual({ keys: ['one'] })
      expect(await list('b/')).toEqual({ keys: ['one'] })
      expect(await list('c')).toEqual(permissionDenied)
      expect(await answerTo(world, holder, 'GET', `secret/metadata/${id}/a?list=true`)).toEqual({ keys: ['one'] })
    },
  },
  {
    title: 'parameters that a rule denies, does not allow or requires decide a request',
    async tell(world) {
      const { id } = world
      const writing = ['create', 'update']
      const holder = await jobWith(
        world,
        rule(`secret/data/${id}/allowed`, writing, '  allowed_parameters = { "data" = [] }\n') +
          rule(`secret/data/${id}/denied`, writing, '  denied_parameters = { "options" = [] }\n') +
          rule(`secret/data/${id}/required`, writing, '  required_parameters = ["options"]\n') +
          rule(`secret/data/${id}/wrapped`, ['read'], '  min_wrapping_ttl = "1m"\n'),
      )
      const write = (name: string, more: JsonObject = {}) =>
        answerTo(world, holder, 'POST', `secret/data/${id}/${name}`, { data: { n: '1' }, ...more })
      const options = { options: { cas: 1 } }
      expect(await write('allowed')).toMatchObject({ version: 1 })
      expect(await write('allowed', options)).toEqual(permissionDenied)
      expect(await write('denied')).toMatchObject({ version: 1 })
      expect(await write('denied', options)).toEqual(permissionDenied)
      expect(await write('required')).toEqual(permissionDenied)
      expect(await write('required', { options: { cas: 0 } })).toMatchObject({ version: 1 })
      expect(await answerTo(world, holder, 'GET', `secret/data/${id}/wrapped`)).toEqual(permissionDenied)
    },
  },
  {
    title: 'a path of the administrator wants sudo besides',
    async tell(world) {
      const { id } = world
      await prepareSite(world, {
        policies: { plain: rule(`sys/auth/${id}`, ['read']), sudo: rule(`sys/auth/${id}`, ['read', 'sudo']) },
        roles: { plain: { token_policies: [`${id}-plain`] }, sudo: { token_policies: [`${id}-sudo`] } },
      })
      const read = async (roleName: string) => answerTo(world, await logIn(world, roleName), 'GET', `sys/auth/${id}`)
      expect(await read('plain')).toEqual(permissionDenied)
      expect(await read('sudo')).toMatchObject({ type: 'jwt' })
    },
  },
  {
    title: 'without the default policy a token cannot even look at itself',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {}, bare: { token_no_default_policy: true } } })
      const itself = async (name: string) => answerTo(world, await logIn(world, name), 'GET', 'auth/token/lookup-self')
      expect(await itself('ci')).toMatchObject({ policies: ['default'] })
      expect(await itself('bare')).toEqual(permissionDenied)
    },
  },
  {
    title: 'a policy that changes or goes changes at once what running tokens may',
    async tell(world) {
      const { id } = world
      await keep(world, 'db', { n: '1' })
      const site = (text: string) => ({ policies: { job: text }, roles: { ci: { token_policies: [`${id}-job`] } } })
      const allowed = rule(`secret/data/${id}/*`, ['read'])
      await prepareSite(world, site(allowed))
      const holder = await logIn(world, 'ci')
      const read = () => answerTo(world, holder, 'GET', `secret/data/${id}/db`)
      expect(await read()).toMatchObject({ data: { n: '1' } })
      await prepareSite(world, site(rule(`secret/data/${id}/elsewhere`, ['read'])))
      expect(await read()).toEqual(permissionDenied)
      await prepareSite(world, site(allowed))
      expect(await read()).toMatchObject({ data: { n: '1' } })
      expect(await world.byHand('DELETE', `sys/policies/acl/${id}-job`)).toBe(204)
      expect(await read()).toEqual(permissionDenied)
    },
  },
  {
    title: 'one policy for all projects gives each job the folder of its own',
    async tell(world) {
      const { id } = world
      for (const project of ['42', '43']) await keep(world, `${project}/db`, { of: project })
      const ci = { claim_mappings: { project_id: 'project' }, token_policies: [`${id}-own`] }
      await prepareSite(world, { roles: { ci } })
      const info = await world.connection.read(`sys/auth/${id}`)
      const own = `{{identity.entity.aliases.${info?.['accessor']}.metadata.project}}`
      await prepareSite(world, { roles: { ci }, policies: { own: rule(`secret/data/${id}/${own}/*`, ['read']) } })
      for (const [mine, theirs] of [
        ['42', '43'],
        ['43', '42'],
      ] as const) {
        const holder = await logIn(world, 'ci', { project_id: mine })
        const read = (project: string) => answerTo(world, holder, 'GET', `secret/data/${id}/${project}/db`)
        expect(await read(mine)).toMatchObject({ data: { of: mine } })
        expect(await read(theirs)).toEqual(permissionDenied)
      }
    },
  },
]
