import { createServer, request as forward } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { startVault } from '../support/live-vault.ts'
import { scriptedServer } from '../support/scripted-server.ts'
import { configuration, ownName, workplace } from './fixture.ts'

/** A proxy that leads every name to this machine, and remembers what it was asked for. */
async function startProxy() {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    const { port, pathname, search } = new URL(incoming.url ?? '')
    const onward = forward(
      { port, path: pathname + search, method: incoming.method, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    incoming.pipe(onward)
  })
  proxy.on('connect', (incoming, client: Socket) => {
    asked.push(`CONNECT ${incoming.url} ${incoming.headers['proxy-authorization'] ?? ''}`.trim())
    const server = connect(Number(incoming.url?.split(':')[1]), '127.0.0.1', () =>
      client.write('HTTP/1.1 200 OK\r\n\r\n'),
    )
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    client.pipe(server).pipe(client)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    proxy.closeAllConnections()
    proxy.close()
  })
  return { asked, port: (proxy.address() as AddressInfo).port }
}

test('plain HTTP goes to the proxy as it is', async () => {
  const [sandbox, proxy] = [await startSandbox(), await startProxy()]
  const address = sandbox.address.replace('127.0.0.1', 'vault.invalid')
  const env = { HTTP_PROXY: `127.0.0.1:${proxy.port}` }
  expect(await workplace(configuration(ownName()), { ...sandbox, address }).run(['plan'], { env })).toMatchObject({
    code: 2,
  })
  expect(proxy.asked[0]).toBe(`GET ${address}/v1/sys/health?standbyok=true&perfstandbyok=true`)
  await sandbox.close()
})

test('TLS goes through a tunnel, with the password that the proxy wants, which is shown nowhere', async () => {
  const [vault, proxy] = [await startVault({ tls: true }), await startProxy()]
  const { port } = new URL(vault.address)
  const server = { ...vault, address: `https://vault.invalid:${port}` }
  const proxied = {
    HTTPS_PROXY: `http://user:proxy-password@127.0.0.1:${proxy.port}`,
    VAULT_CACERT: vault.caFile ?? '',
  }
  const ended = await workplace(configuration(ownName()), server).run(['plan', '-v'], {
    env: { ...proxied, VAULT_TLS_SERVER_NAME: 'localhost' },
  })
  expect(ended).toMatchObject({ code: 2 })
  expect(proxy.asked[0]).toBe(`CONNECT vault.invalid:${port} Basic ${btoa('user:proxy-password')}`)
  expect(ended.output).not.toContain('proxy-password')
  await vault.stop()
})

test('Ctrl-C ends a run that waits for a server, and revokes nothing it never got', async () => {
  const server = await scriptedServer((request) =>
    request.path.startsWith('/v1/sys/auth') ? { status: 429, headers: { 'retry-after': '50' } } : undefined,
  )
  const { run } = workplace(configuration(ownName()), { address: server.address, token: 't' })
  const started = Date.now()
  const ended = await run(['plan'], {
    onOutput: (output, kill) => {
      if (output.includes('reading')) setTimeout(() => kill('SIGINT'), 300)
    },
  })
  expect(ended).toMatchObject({ code: 130, stderr: expect.stringContaining('Nothing was written') })
  // Not how fast it is, but that it does not sit the server's 50 seconds out.
  expect(Date.now() - started).toBeLessThan(40_000)
  await server.stop()
})

test('a password in an address is refused without being shown', async () => {
  const { run } = workplace(configuration(ownName()), { address: 'http://user:hunter2@127.0.0.1:1', token: 't' })
  const ended = await run(['plan'])
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('bad-address') })
  expect(ended.output).not.toContain('hunter2')
})

test('a token with a line break in it is said to be so', async () => {
  const { run } = workplace(configuration(ownName()), { address: 'http://127.0.0.1:9', token: 'hvs.one\nhvs.two' })
  const ended = await run(['plan'])
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('VAULT_TOKEN holds characters') })
  expect(ended.output).not.toContain('hvs.one')
})
