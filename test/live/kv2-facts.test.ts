import { beforeAll, describe, expect, test, vi } from 'vitest'
import { kv2Parts } from '../../src/lint/policy-kv2.ts'
import { liveVault, request } from '../support/live-vault.ts'

const mount = `kv2-facts-${process.pid}`
const methods = [
  ['read', 'GET'],
  ['list', 'LIST'],
  ['delete', 'DELETE'],
  ['update', 'POST'],
] as const

let server: { readonly address: string; readonly token: string }

beforeAll(async () => {
  server = await liveVault()
  await request(server, 'POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } })
  // The engine prepares itself after the mount, and refuses everything until then.
  await vi.waitFor(async () => {
    expect((await request(server, 'POST', `${mount}/data/app`, { data: { a: 'b' } })).status).toBe(200)
  }, 10_000)
})

/** `detailed-metadata` is OpenBao's. */
const parts = Object.entries(kv2Parts).filter(([part]) => part !== 'detailed-metadata')

describe.each(parts)('kv-v2 below %s/', (part, asked) => {
  const path = part === 'config' ? part : `${part}/app`

  test.each(methods)('%s is refused by the engine unless VWP13 counts it', async (capability, method) => {
    const { status, body } = await request(server, method, `${mount}/${path}`, method === 'POST' ? {} : undefined)
    const words = JSON.stringify(body ?? {})
    const refused = status === 405 || (status === 404 && words.includes('Invalid path for a versioned K/V'))
    expect([status, words, refused]).toEqual([status, words, !asked.includes(capability)])
  })
})

test.each(['app', 'production/app'])('a path without data/ is none of kv-v2 (VWP11): %s', async (path) => {
  expect((await request(server, 'GET', `${mount}/${path}`)).status).toBe(404)
})

test.each([`/${mount}//data/app`, `${mount}/data//app`])(
  'a path that is not clean never reaches the rules (VWP01): %s',
  async (path) => {
    const { status, headers } = await fetch(`${server.address}/v1/${path}`, {
      headers: { 'x-vault-token': server.token },
      redirect: 'manual',
    })
    expect([301, 307, 308]).toContain(status)
    expect(headers.get('location')).toBe(`/v1/${mount}/data/app`)
  },
)
