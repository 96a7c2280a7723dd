import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createProxy, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { generate } from 'selfsigned'
import { inject } from 'vitest'

/**
 * A stand-in for GitLab as the issuer of ID tokens. A real server reaches it at GitLab's own URLs, without a name server:
 * it is started with a proxy that leads these hosts here, and with this certificate as the only one it trusts.
 *
 *     Vault ──CONNECT gitlab.example.com:443──▶ proxy on loopback ──▶ HTTPS on loopback
 */
export interface Issuer {
  /** What the environment of a Vault process must hold to reach the issuer. */
  readonly vaultEnvironment: Readonly<Record<string, string>>
  /** Private; made for this run. */
  readonly key: JWK
  stop(): Promise<void>
}

/** Both are issuers of their own, though here they share one key. */
export const gitlab = 'https://gitlab.example.com'
export const otherGitlab = 'https://gitlab.shared.cwiq.io'

const hosts = [gitlab, otherGitlab].map((url) => new URL(url).host)

/** Claims as GitLab issues them; undefined leaves a default one out. */
export type Claims = Readonly<Record<string, unknown>>

export async function startIssuer(): Promise<Issuer> {
  const key = await signingKey()
  const certificate = await certificateFor(hosts)
  const https = createHttps({ key: certificate.private, cert: certificate.cert }, (request, response) => {
    const answer = discovery(`https://${request.headers.host}`, key)[request.url ?? '']
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? {}))
  })
  await listen(https)
  const proxy = createProxy((_, response) => response.writeHead(405).end())
  const tunnels = tunnelTo(proxy, (https.address() as AddressInfo).port)
  await listen(proxy)

  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-issuer-'))
  const trusted = join(folder, 'ca.pem')
  writeFileSync(trusted, certificate.cert)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  return {
    key,
    vaultEnvironment: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      NO_PROXY: '127.0.0.1,localhost',
      SSL_CERT_FILE: trusted,
    },
    async stop() {
      for (const socket of tunnels) socket.destroy()
      await Promise.all([close(proxy), close(https)])
      remove()
    },
  }
}

/** GitLab's answers (lib/gitlab/ci/jwt_v2.rb, jwks_controller.rb), as far as a JWT mount asks. */
function discovery(issuer: string, key: JWK): Readonly<Record<string, unknown>> {
  const { kty, n, e, kid } = key
  return {
    '/.well-known/openid-configuration': {
      issuer,
      jwks_uri: `${issuer}/oauth/discovery/keys`,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    },
    '/oauth/discovery/keys': { keys: [{ kty, n, e, kid, use: 'sig', alg: 'RS256' }] },
  }
}

/** What a server that was started with the issuer's environment gets at a URL. Rejects for every other host. */
export async function fetchFromIssuer(url: string): Promise<{ readonly status: number; readonly body: string }> {
  const { origin, host, pathname } = new URL(url)
  if (!hosts.includes(host)) throw new Error('Forbidden')
  const answer = discovery(origin, inject('issuerKey'))[pathname]
  return { status: answer === undefined ? 404 : 200, body: JSON.stringify(answer ?? {}) }
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: 'RS256' }
}

async function certificateFor(names: readonly string[]) {
  return await generate([{ name: 'commonName', value: 'Stand-in GitLab' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) },
    ],
  })
}

/** Opens what the proxy is asked to connect to, if it is one of the hosts. Gives the open sockets, which outlive the proxy. */
function tunnelTo(proxy: Server, port: number): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  proxy.on('connect', (request, client: Socket) => {
    if (!hosts.some((host) => request.url === `${host}:443`)) {
      client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const server = connect(port, '127.0.0.1', () => client.write('HTTP/1.1 200 Connection Established\r\n\r\n'))
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => sockets.delete(from))
      from.pipe(to)
    }
  })
  return sockets
}

function listen(server: Server): Promise<void> {
  return new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
}

function close(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done())
    server.closeAllConnections()
  })
}

/**
 * The ID token of a job, with the given claims over the default ones. The times are those of a job with an hour's timeout
 * (`nbf` five seconds back, as GitLab does against clock skew).
 */
export async function sign(claims: Claims = {}): Promise<string> {
  const key = inject('issuerKey')
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now, nbf: now - 5, exp: now + 3600 }
  return await new SignJWT({ jti: crypto.randomUUID(), ...times, ...defaultClaims, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: key.kid as string, typ: 'JWT' })
    .sign(await importJWK(key, 'RS256'))
}

/**
 * A push to the default branch of project 22. IDs are strings, runner_id and the times are the only numbers, and what
 * looks like a boolean is a string (GitLab: lib/gitlab/ci/jwt.rb, jwt_v2.rb, user_project_token_claims.rb).
 */
const defaultClaims: Claims = {
  iss: gitlab,
  aud: 'https://vault.example.com',
  sub: 'project_path:group/project:ref_type:branch:ref:main',
  project_id: '22',
  project_path: 'group/project',
  namespace_id: '20',
  namespace_path: 'group',
  job_project_id: '22',
  job_project_path: 'group/project',
  job_namespace_id: '20',
  job_namespace_path: 'group',
  user_id: '42',
  user_login: 'sidney',
  user_email: 'sidney@example.com',
  user_access_level: 'developer',
  pipeline_id: '1212',
  pipeline_source: 'push',
  job_id: '1212',
  ref: 'main',
  ref_type: 'branch',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  project_visibility: 'internal',
  ci_config_ref_uri: 'gitlab.example.com/group/project//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
}
