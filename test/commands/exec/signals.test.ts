import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { liveVault } from '../../support/live-vault.ts'
import { vaultwright } from '../../support/program.ts'
import { scriptedServer } from '../../support/scripted-server.ts'
import { canary, makeWorld, reads, tokenStatus, type World, writeSecret } from './world.ts'

let world: World
let role: string
const password = canary()

beforeAll(async () => {
  world = await makeWorld(await liveVault())
  await writeSecret(world, 'app', { password })
  role = await world.role(reads(`${world.v2}/data/app`))
})

/** Starts a shell script with the secret as a file, and sends the signals once it says that it is ready. */
async function interrupted(script: string, ...signals: readonly NodeJS.Signals[]) {
  const directory = withFiles({})
  const facts = `echo "$VAULT_TOKEN" > ${directory}/token; echo "$KEY" > ${directory}/path`
  let sent = 0
  const words = ['--role', role, `--secret-file=KEY=${world.v2}/app#password`, '--pass-token']
  const ended = await world.exec([...words, '--', 'sh', '-c', `${facts}; ${script}`], {
    onOutput: (output, kill) => {
      const next = signals[sent]
      if (next === undefined || output.split('ready').length <= sent + 1) return
      sent++
      kill(next)
    },
  })
  const [token = '', path = ''] = ['token', 'path'].map((name) => readFileSync(join(directory, name), 'utf8').trim())
  expect(token).not.toBe('')
  return { ...ended, revoked: (await tokenStatus(world, token)) !== 200, removed: !existsSync(dirname(path)) }
}

const clean = { revoked: true, removed: true }

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)(
    '%s goes to the command; the token is revoked, the files are gone, and the code is %i',
    async (name, code) => {
      expect(await interrupted('echo ready; exec sleep 60', name)).toMatchObject({ code, ...clean })
    },
  )

  test('leaves the command time to end in its own way', async () => {
    const script = 'trap "echo cleaning up; exit 3" TERM; echo ready; while :; do sleep 0.05; done'
    expect(await interrupted(script, 'SIGTERM')).toMatchObject({ code: 3, stdout: 'ready\ncleaning up\n', ...clean })
  })

  test('kills the command when it is the second', async () => {
    const script = `trap 'echo ready again' TERM; echo ready; while :; do sleep 0.05; done`
    expect(await interrupted(script, 'SIGTERM', 'SIGINT')).toMatchObject({ code: 137, ...clean })
  })

  test('a command that ends by a signal of its own gives 128 and its number', async () => {
    expect(await interrupted('kill -SEGV $$')).toMatchObject({ code: 139, ...clean })
  })
})

describe('before the command is started', () => {
  test('a signal ends the run; the token of the login is revoked, and nothing is started', async () => {
    const auth = { client_token: 's.of-the-job', policies: ['default'], lease_duration: 300, renewable: true }
    let reading = () => {}
    // The secret's answer never comes, and is asked for again and again.
    const server = await scriptedServer(({ path }) => {
      if (path.endsWith('/login')) return { status: 200, body: { auth } }
      if (path.endsWith('/revoke-self')) return { status: 204 }
      if (path.endsWith('/slow')) reading()
      return path.endsWith('/slow') ? 'cut' : undefined
    })
    const words = ['exec', '--role', 'r', '--secret', 'A=ops/slow#x', '--', 'echo', 'started']
    const env = { VAULT_ADDR: server.address, VAULT_ID_TOKEN: 'a.b.c', VAULT_MAX_RETRIES: '100' }
    const ended = await vaultwright(words, {
      env,
      onStart: (kill) => {
        reading = () => kill('SIGTERM')
      },
    })
    expect(ended).toMatchObject({
      code: 143,
      output: 'vaultwright: stopped by SIGTERM before the command was started\n',
    })
    expect(server.requests.at(-1)?.path).toBe('/v1/auth/token/revoke-self')
    await server.stop()
  })

  test('a login that is under way is waited for, and then nothing is read', async () => {
    const auth = { client_token: 's.of-the-job', policies: ['default'], lease_duration: 300, renewable: true }
    const [asked, hold]: [string[], { end: () => void }] = [[], { end: () => {} }]
    const server = createServer((request, response) => {
      const path = (request.url ?? '').replace(/\?.*/, '')
      const answer = (body: unknown) => response.end(JSON.stringify(body))
      asked.push(path)
      if (!path.endsWith('/login')) return answer({ initialized: true, sealed: false, version: '1.21.0' })
      hold.end()
      // By then the signal has arrived.
      setTimeout(() => answer({ auth }), 1000)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const env = { VAULT_ADDR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, VAULT_ID_TOKEN: 'a.b.c' }
    const words = ['exec', '--role', 'r', '--secret', 'A=ops/app#x', '--', 'echo', 'started']
    const onStart = (kill: (name: NodeJS.Signals) => void) => {
      hold.end = () => kill('SIGTERM')
    }
    expect((await vaultwright(words, { env, onStart })).code).toBe(143)
    expect(asked.slice(1)).toEqual(['/v1/auth/jwt/login', '/v1/auth/token/revoke-self'])
    server.closeAllConnections()
    server.close()
  })
})
