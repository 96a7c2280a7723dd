import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { failures } from '../../../src/access/why/failure-table.ts'
import { explainText } from '../../../src/access/why/failures.ts'
import { runnerPrefixes, type SaidFailure, saidFailures } from '../../../src/access/why/said-failures.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { tokenIn } from '../../repository/claims.ts'
import { type Claims, gitlab, sign } from '../../support/issuer.ts'
import { liveVault, request, type Server, startVault } from '../../support/live-vault.ts'

/** Every text of the table is made to appear where it can be: by a real server, curl, git or a shell. */

/** What was printed, and the status or exit code beside it. */
interface Seen {
  readonly status?: number | undefined
  readonly text: string
}

type Situation = () => Promise<Seen>

let server: Server & { readonly token: string }
const mount = `failures-${crypto.randomUUID().slice(0, 8)}`

const role = { role_type: 'jwt', user_claim: 'project_id', bound_audiences: ['https://vault.example.com'] }

beforeAll(async () => {
  server = await liveVault()
  await root('POST', `sys/auth/${mount}`, { type: 'jwt' })
  await root('POST', `auth/${mount}/config`, { oidc_discovery_url: gitlab, bound_issuer: gitlab })
  await root('POST', `auth/${mount}/role/ci`, { ...role, bound_claims: { project_id: '22' } })
})

async function root(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await request(server, method, path, body)
  expect([path, answer.status < 300, answer.body?.['errors']]).toEqual([path, true, undefined])
  return answer.body ?? {}
}

function seenIn({ status, body }: Awaited<ReturnType<typeof request>>): Seen {
  return { status, text: ((body?.['errors'] as string[] | undefined) ?? []).join('; ') }
}

async function logIn(body: JsonObject, at = mount, address = server.address): Promise<Seen> {
  return seenIn(await request({ address }, 'POST', `auth/${at}/login`, body))
}

/** A role of this test's own, and a job that logs in to it. */
async function logInTo(fields: JsonObject, claims: Claims = {}): Promise<Seen> {
  const name = `role-${crypto.randomUUID()}`
  await root('POST', `auth/${mount}/role/${name}`, { ...role, ...fields })
  return await logIn({ role: name, jwt: await sign(claims) })
}

/** A mount of the test's own, configured like this, with the role `ci`. */
async function mountWith(config: JsonObject | undefined): Promise<string> {
  const path = `failures-${crypto.randomUUID()}`
  await root('POST', `sys/auth/${path}`, { type: 'jwt' })
  onTestFinished(async () => void (await request(server, 'DELETE', `sys/auth/${path}`)))
  if (config === undefined) return path
  await root('POST', `auth/${path}/config`, config)
  await root('POST', `auth/${path}/role/ci`, role)
  return path
}

function run(program: string, words: readonly string[], env: Record<string, string> = {}): Promise<Seen> {
  return new Promise((done) => {
    execFile(program, words, { env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...env } }, (error, out, said) =>
      done({ status: error === null ? 0 : Number(error.code), text: `${out}${said}`.trim() }),
    )
  })
}

function curl(...words: readonly string[]): Promise<Seen> {
  return run('curl', ['-sS', '-o', '/dev/null', '--noproxy', '*', ...words])
}

async function refusingRepository(): Promise<string> {
  const http = createServer((_, response) => response.writeHead(403).end())
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  onTestFinished(() => void http.close())
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/group/repository.git/`
}

async function signedByAnother(): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256')
  return await new SignJWT({ iss: gitlab, aud: 'https://vault.example.com', project_id: '22' })
    .setProtectedHeader({ alg: 'RS256', kid: 'another' })
    .setExpirationTime('1h')
    .sign(privateKey)
}

const now = Math.floor(Date.now() / 1000)
const tokenError = 'error validating token:'

/** By the text that has to come of it. */
const situations: Readonly<Record<string, Situation>> = {
  'error checking oidc discovery URL': async () =>
    seenIn(
      await request(server, 'POST', `auth/${await mountWith(undefined)}/config`, { oidc_discovery_url: `${gitlab}/` }),
    ),
  'curl: (60) SSL certificate problem: <reason>': async () => {
    const own = await startVault({ tls: true })
    onTestFinished(() => own.stop())
    return await curl(`${own.address}/v1/sys/health`)
  },
  'Vault is sealed': async () => {
    const own = await startVault()
    onTestFinished(() => own.stop())
    await request(own, 'POST', 'sys/seal')
    return await logIn({ role: 'ci', jwt: await sign() }, 'jwt', own.address)
  },
  'missing role': async () => logIn({ jwt: await sign() }),
  'role "<role>" could not be found': async () => logIn({ role: 'cl', jwt: await sign() }),
  'role with oidc role_type is not allowed': async () =>
    logInTo({ role_type: 'oidc', allowed_redirect_uris: ['https://vault.example.com/callback'] }),
  'could not load configuration': async () => {
    const bare = await mountWith(undefined)
    await root('POST', `auth/${bare}/role/ci`, role)
    return await logIn({ role: 'ci', jwt: await sign() }, bare)
  },
  'missing token': () => logIn({ role: 'ci', jwt: '' }),
  'VAULT_ID_TOKEN: unbound variable': () => run('bash', ['--norc', '-uc', 'echo "$VAULT_ID_TOKEN"']),
  [`${tokenError} error verifying token signature: oidc: malformed jwt: <reason>`]: () =>
    logIn({ role: 'ci', jwt: '$VAULT_ID_TOKEN' }),
  [`${tokenError} error verifying token signature: failed to verify id token signature`]: async () =>
    logIn({ role: 'ci', jwt: await signedByAnother() }),
  [`${tokenError} invalid algorithm (alg) header parameter: token signed with unexpected algorithm`]: async () => {
    const other = await mountWith({ oidc_discovery_url: gitlab, jwt_supported_algs: ['ES256'] })
    return await logIn({ role: 'ci', jwt: await sign() }, other)
  },
  [`${tokenError} invalid issuer (iss) claim`]: async () => {
    const bareHost = await mountWith({ oidc_discovery_url: gitlab, bound_issuer: 'gitlab.example.com' })
    return await logIn({ role: 'ci', jwt: await sign() }, bareHost)
  },
  [`${tokenError} invalid subject (sub) claim`]: () =>
    logInTo({ bound_subject: 'project_path:group/project:ref_type:branch:ref:other' }),
  [`${tokenError} invalid audience (aud) claim: audience claim does not match any expected audience`]: async () =>
    logIn({ role: 'ci', jwt: await sign({ aud: 'https://vault.example.com/' }) }),
  [`${tokenError} invalid not before (nbf) claim: token not yet valid`]: async () =>
    logIn({ role: 'ci', jwt: await sign({ nbf: now + 600 }) }),
  [`${tokenError} invalid expiration time (exp) claim: token is expired`]: async () =>
    logIn({ role: 'ci', jwt: await sign({ iat: now - 7200, nbf: now - 7205, exp: now - 3600 }) }),
  [`${tokenError} invalid issued at (iat) claim: token issued in the future`]: async () =>
    logIn({ role: 'ci', jwt: await sign({ iat: now + 600 }) }),
  'audience claim found in JWT but no audiences bound to the role': () =>
    logInTo({ bound_audiences: [], bound_claims: { project_id: '22' } }),
  'claim "<claim>" not found in token': () => logInTo({ user_claim: 'user_email' }, { user_email: undefined }),
  'error validating claims: claim "<claim>" is missing': () => logInTo({ bound_claims: { environment: 'production' } }),
  'error validating claims: claim "<claim>" does not match any associated bound claim values': () =>
    logInTo({ bound_claims: { project_path: 'group/renamed' } }),
  'curl: (22) The requested URL returned error: 400': () =>
    curl('-f', '--data', '{"role":"ci"}', `${server.address}/v1/auth/${mount}/login`),
  'curl: (3) URL <reason>': () => curl('/v1/auth/jwt/login'),
  'curl: (6) Could not resolve host: <host>': () =>
    curl('https:///v1/auth/jwt/login', '--resolve', '-v1:443', '-m', '9'),
  'curl: (7) Failed to connect to <host> port <port> after <n> ms: <reason>': () =>
    curl('http://127.0.0.1:1/v1/sys/health'),
  '<secret>: unbound variable': () => run('bash', ['--norc', '-uc', 'echo "$SECURITY_PRIVATE_TOKEN"']),
  'VAULT_TOKEN: parameter null or not set': () => run('bash', ['--norc', '-c', ': "${VAULT_TOKEN:?}"']),
  "fatal: unable to access '<repository>': The requested URL returned error: 403": async () =>
    run('git', ['ls-remote', await refusingRepository()], { GIT_CONFIG_NOSYSTEM: '1', HOME: '/nonexistent' }),
  'curl: (22) The requested URL returned error: 403': () => curl('-f', `${server.address}/v1/secret/data/nothing`),
  '1 error occurred:\n\t* permission denied\n\n': async () => {
    const { body } = await request(server, 'POST', 'auth/token/create', { policies: ['default'], ttl: '1m' })
    const token = tokenIn(body)
    return seenIn(await request({ address: server.address, token }, 'GET', 'secret/data/nothing'))
  },
}

/** `<role>` stands for any text; what a shell says before, such as its name and a line, does not count. */
function matches({ text, by }: SaidFailure): RegExp {
  const pattern = text
    .split(/<\w+>/)
    .map((part) => part.replace(/[\\^$.|?*+()[\]{}/]/g, '\\$&'))
    .join('.+')
  return new RegExp(by === 'shell' ? `${pattern}$` : `^${pattern}$`, 's')
}

describe('really said, letter by letter:', () => {
  const produced = saidFailures.filter(({ by }) => by !== 'runner' && by !== 'GitLab')

  test.each(produced.map((failure) => [failure.text, failure] as const))(
    '%j',
    async (text, failure) => {
      const seen = await (situations[text] as Situation)()
      expect(seen.text).toMatch(matches(failure))
      if (failure.status !== undefined) expect(seen.status).toBe(failure.status)
      const line = failure.by === 'server' ? `status code ${seen.status}: ${seen.text}` : seen.text
      expect(explainText(line).map(({ failure: { id } }) => id)).toEqual([failure.failure])
    },
    60_000,
  )
})

test('a login at no mount is refused with the status and the words of the table', async () => {
  const seen = await logIn({ role: 'ci', jwt: await sign() }, 'no-such-mount')
  expect(saidFailures.find(({ failure }) => failure === 'login-forbidden')?.text).toMatch(
    new RegExp(`status code ${seen.status}: ${seen.text.replaceAll(/1 error occurred:\n\t\* |\n/g, '')}$`),
  )
})

test('a path of curl with an empty address says nothing at all with -s, and ends with 3', async () => {
  expect(await run('curl', ['-sf', '/v1/auth/jwt/login'])).toEqual({ status: 3, text: '' })
})

test('every failure of "access why" has its text', () => {
  const told = [...new Set(saidFailures.map(({ failure }) => failure))]
  expect([...told].sort()).toEqual(failures.map(({ id }) => id).sort())
})

test('every text is taken for its failure, also behind what the runner prints before it', () => {
  for (const { failure, text, by, status } of saidFailures) {
    const shown = text.replace(/<(\w+)>/g, (_, name) => (name === 'secret' ? 'DATABASE_PASSWORD' : name))
    const prefix = failure === 'read-forbidden' ? runnerPrefixes.read : runnerPrefixes.login
    const line =
      by === 'server' && failure !== 'discovery' ? `${prefix.replace('<status>', String(status))}${shown}` : shown
    expect(
      explainText(line).map(({ failure: { id } }) => id),
      line,
    ).toEqual([failure])
  }
})
