import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import { beforeAll, expect, inject, test } from 'vitest'
import { withFiles } from '../support/files.ts'
import { request, startVault } from '../support/live-vault.ts'
import { vaultwright } from '../support/program.ts'
import type { VaultProcess } from '../support/vault-process.ts'

let server: VaultProcess

beforeAll(async () => {
  server = await startVault()
  const { code, output } = await vaultwright(['apply', '--auto-approve'], { env: environment() })
  expect(code, output).toBe(0)
  return async () => await server.stop()
})

function environment(): Record<string, string> {
  return { VAULT_ADDR: server.address, VAULT_TOKEN: server.token }
}

interface Result {
  readonly name: string
  readonly environment: string
  readonly outcome: string
  readonly asked: string
  readonly note?: string
}

/** What the program finds with the key of the stand-in GitLab, by itself or by asking the server. */
async function results(...words: string[]): Promise<Result[]> {
  const key = createPrivateKey({ key: inject('issuerKey') as JsonWebKey, format: 'jwk' })
  const folder = withFiles({ 'key.pem': key.export({ type: 'pkcs8', format: 'pem' }).toString() })
  const live = words.includes('--live') ? ['--signing-key', `${folder}/key.pem`] : []
  const { stdout, stderr } = await vaultwright(['test', '--format', 'json', ...words, ...live], { env: environment() })
  expect(stderr).not.toContain('error')
  return JSON.parse(stdout).promises
}

const verdicts = (all: readonly Result[]) =>
  all.map(({ environment: at, name, outcome }) => `${outcome} ${at}: ${name}`)

test('the repository’s own promises are kept by the files and by the real server, login for login', async () => {
  const [offline, live] = [await results(), await results('--live')]
  expect(verdicts(live)).toEqual(verdicts(offline))
  expect(live.filter(({ outcome }) => outcome !== 'kept')).toEqual([])
  expect(live.filter(({ asked }) => asked === 'login').length).toBeGreaterThan(60)
  expect(live.filter(({ note }) => note !== undefined && !note.startsWith('Paths with * or +'))).toEqual([])
})

test('a counterexample is shown to the server, which confirms it', async () => {
  const claims = { environment: 'production', project_id: '42', job_project_id: '42' }
  await request(server, 'POST', 'auth/jwt/role/myproject-production', { role_type: 'jwt', bound_claims: claims })
  const broken = (await results('--live', '--environment', 'production')).filter(({ outcome }) => outcome === 'broken')
  expect(broken.map(({ name, note }) => [name, note])).toEqual(
    expect.arrayContaining([
      ['an unprotected branch does not get in as production', undefined],
      [
        'no token of an unprotected ref reads production',
        expect.stringMatching(/^The server confirms it: at ops\/data\/production\/\S+ such a token has read\.$/),
      ],
    ]),
  )
})
