import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'

let sandbox: Sandbox
let socket: Socket
let seen: string[]
beforeEach(async () => {
  seen = []
  sandbox = await startSandbox({ onRequest: (method, path) => seen.push(`${method} ${path}`) })
  const { hostname, port } = new URL(sandbox.address)
  socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
})
afterEach(async () => {
  socket.destroy()
  await sandbox.close()
})

/** Sends the parts as packets of their own, as far as the network lets it, and waits for the answer. */
async function send(...parts: string[]): Promise<string> {
  const answer = once(socket, 'data')
  for (const part of parts) {
    socket.write(part)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return String((await answer)[0])
}

const head = (start: string, more = '') =>
  `${start} HTTP/1.1\r\nHost: sandbox\r\nX-Vault-Token: ${sandbox.token}\r\n${more}\r\n`

test('LIST is understood in one packet and letter by letter', async () => {
  expect(await send(head('LIST /v1/sys/policies/acl'))).toMatch(/^HTTP\/1\.1 200 [\s\S]*"keys":\["default","root"\]/)
  expect(await send(...head('LIST /v1/sys/policies/acl'))).toMatch(/^HTTP\/1\.1 200 /)
  expect(seen).toEqual(['LIST sys/policies/acl', 'LIST sys/policies/acl'])
})

test('a word that only begins like LIST is no LIST', async () => {
  expect(await send('LI', head('NK /v1/sys/health'))).toMatch(/^HTTP\/1\.1 405 /)
})

test('a body that begins like a request is still a body', async () => {
  const body = 'LIST /v1/sys/policies/acl'
  const length = `Content-Length: ${body.length}\r\n`
  const answer = await send(head('POST /v1/sys/policies/acl/x', length), body)
  expect(answer).toContain("invalid character 'L' looking for beginning of value")
  expect(seen).toEqual(['POST sys/policies/acl/x'])
})

test('a method that HTTP itself does not have is refused', async () => {
  expect(await send(head('FETCH /v1/sys/health'))).toMatch(/^HTTP\/1\.1 400 /)
})
