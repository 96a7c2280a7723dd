import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { request } from '../support/live-vault.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox()
})
afterAll(() => sandbox.close())

const write = (policy: string) => request(sandbox, 'POST', 'sys/policies/acl/p', { policy })

describe("a policy's text", () => {
  test('is refused in the words of the server', async () => {
    expect(await write('path "a" {\n x = 1 }')).toMatchObject({
      status: 400,
      body: { errors: ['failed to parse policy: 1 error occurred:\n\t* path "a": invalid key "x" on line 2\n\n'] },
    })
    expect((await write('')).body).toEqual({ errors: ["'policy' parameter not supplied or empty"] })
  })

  test('comes back decoded when it was base64', async () => {
    expect((await write(Buffer.from('path "a" {}').toString('base64'))).status).toBe(204)
    const { body } = await request(sandbox, 'GET', 'sys/policies/acl/p')
    expect(body?.['data']).toMatchObject({ policy: 'path "a" {}' })
  })

  test('at which the parser of the server panics ends the connection', async () => {
    await expect(write('path "\\400" {}')).rejects.toThrow()
    expect((await write('path "a" {}')).status).toBe(204)
  })
})
