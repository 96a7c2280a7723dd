import { expect } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { answerTo, granted, type Holder, invalidToken, logIn, permissionDenied, prepareSite } from './jobs.ts'
import type { Story } from './stories.ts'
import type { World } from './world.ts'

const itself = (world: World, holder: Holder) => answerTo(world, holder, 'GET', 'auth/token/lookup-self')

export const tokenStories: readonly Story[] = [
  {
    title: 'a token that revokes itself is nobody any more',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {} } })
      const [holder, other] = [await logIn(world, 'ci'), await logIn(world, 'ci')]
      expect(await answerTo(world, holder, 'POST', 'auth/token/revoke-self')).toEqual({ status: 204 })
      expect(await itself(world, holder)).toEqual(invalidToken(world))
      expect(await answerTo(world, holder, 'GET', 'secret/data/anything')).toEqual(invalidToken(world))
      expect(await itself(world, other)).toMatchObject({ type: 'service' })
    },
  },
  {
    title: 'a token is worth as many requests as its role says, and not one more',
    async tell(world) {
      await prepareSite(world, { roles: { ci: { token_num_uses: 3 } } })
      const holder = await logIn(world, 'ci')
      for (const left of [2, 1, -1]) expect(await itself(world, holder)).toMatchObject({ num_uses: left })
      expect(await itself(world, holder)).toEqual(invalidToken(world))
    },
  },
  {
    title: 'a request that is denied is a use as well',
    async tell(world) {
      await prepareSite(world, { roles: { ci: { token_num_uses: 2 } } })
      const holder = await logIn(world, 'ci')
      for (const answer of [permissionDenied, permissionDenied, invalidToken(world)])
        expect(await answerTo(world, holder, 'GET', `secret/data/${world.id}`)).toEqual(answer)
    },
  },
  {
    title: 'a token ends when its time is over, of whichever kind it is',
    async tell(world) {
      const kinds = ['service', 'batch']
      const roles = Object.fromEntries(kinds.map((token_type) => [token_type, { token_type, token_ttl: 2 }]))
      await prepareSite(world, { roles })
      for (const kind of kinds) {
        const holder = await logIn(world, kind)
        expect(await itself(world, holder), kind).toMatchObject({ type: kind, creation_ttl: 2 })
        await expect.poll(() => itself(world, holder), { timeout: 20_000 }).toMatchObject({ status: 403 })
      }
    },
  },
  {
    title: 'a token is renewed for as long as its role lets it live',
    async tell(world) {
      const roles = {
        ci: { token_ttl: '5m', token_max_ttl: '1h' },
        periodic: { token_period: '4m' },
        batch: { token_type: 'batch' },
      }
      await prepareSite(world, { roles })
      const renewed = async (name: keyof typeof roles, body: JsonObject) => {
        const { status, body: answer } = await world.ask(
          'POST',
          'auth/token/renew-self',
          body,
          await logIn(world, name),
        )
        const auth = (answer?.['auth'] ?? {}) as JsonObject
        return { status, errors: answer?.['errors'], lease_duration: auth['lease_duration'] }
      }
      expect(await renewed('ci', {})).toMatchObject({ status: 200, lease_duration: 300 })
      expect(await renewed('ci', { increment: '10m' })).toMatchObject({ status: 200, lease_duration: 600 })
      expect(await renewed('periodic', { increment: '1h' })).toMatchObject({ status: 200, lease_duration: 240 })
      expect(await renewed('batch', {})).toMatchObject({ status: 400, errors: ['batch tokens cannot be renewed'] })
      const long = await renewed('ci', { increment: '2h' })
      expect(long.lease_duration).toBeGreaterThan(3500)
      expect(long.lease_duration).toBeLessThanOrEqual(3600)
    },
  },
  {
    title: 'a token that a token made has no more than that one, and ends with it',
    async tell(world) {
      const { id } = world
      await prepareSite(world, {
        policies: { parent: 'path "auth/token/create" { capabilities = ["update"] }' },
        roles: { ci: { token_policies: [`${id}-parent`, 'some'] } },
      })
      const parent = await logIn(world, 'ci')
      const make = (policies: string[]) => world.ask('POST', 'auth/token/create', { policies }, parent)
      expect(await make(['other'])).toEqual({
        status: 400,
        body: { errors: ['child policies must be subset of parent'] },
      })
      const { body } = await make(['some'])
      const auth = body?.['auth'] as JsonObject
      expect(auth).toMatchObject({ policies: ['default', 'some'], orphan: false, renewable: true })
      const child = { token: String(auth['client_token']) }
      expect(await itself(world, child)).toMatchObject({ path: 'auth/token/create' })
      expect(await answerTo(world, parent, 'POST', 'auth/token/revoke-self')).toEqual({ status: 204 })
      expect(await itself(world, child)).toEqual(invalidToken(world))
    },
  },
  {
    title: 'the tokens of a mount end with it',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {} } })
      const holder = await logIn(world, 'ci')
      expect(await itself(world, holder)).toMatchObject({ path: `auth/${world.id}/login` })
      expect(await world.byHand('DELETE', `sys/auth/${world.id}`)).toBe(204)
      expect(await itself(world, holder)).toEqual(invalidToken(world))
    },
  },
  {
    title: 'a token is revoked and looked up by its accessor, by whoever may',
    async tell(world) {
      await prepareSite(world, { roles: { ci: {} } })
      const { accessor, client_token } = await granted(world, 'ci')
      const holder = { token: String(client_token) }
      const named = { accessor: String(accessor) }
      expect(await answerTo(world, holder, 'POST', 'auth/token/lookup-accessor', named)).toEqual(permissionDenied)
      const { body } = await world.ask('POST', 'auth/token/lookup-accessor', named)
      expect(body?.['data']).toMatchObject({ accessor, id: '', path: `auth/${world.id}/login` })
      expect(await world.byHand('POST', 'auth/token/revoke-accessor', named)).toBe(204)
      expect(await itself(world, holder)).toEqual(invalidToken(world))
    },
  },
  {
    title: 'nobody, and whoever makes a token up, may nothing',
    async tell(world) {
      const { status, body } = await world.ask('GET', 'auth/token/lookup-self', undefined, { token: undefined })
      expect({ status, ...body }).toEqual({ status: 403, errors: ['permission denied'] })
      for (const token of ['made-up', 'hvs.made-up', 's.made-up'])
        expect(await itself(world, { token }), token).toEqual(invalidToken(world))
    },
  },
]
