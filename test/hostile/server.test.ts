import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { deepestJson } from '../../src/core/json-text.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { configuration } from '../commands/fixture.ts'
import { type Files, withFiles } from '../support/files.ts'
import { cases, seed } from '../support/generated.ts'
import { chance } from './chance.ts'
import {
  type Answer,
  type HostileServer,
  health,
  hostileServer,
  isHealth,
  json,
  type Received,
} from './hostile-server.ts'
import { fault, type Ran, run } from './run.ts'
import { canary, garbled, hostileTexts, hostileValue, mutated, spoiled } from './values.ts'

const minutes = 60_000
/** All that must reach nobody but the server that is meant, and no output. */
const secrets: Readonly<Record<string, string>> = {
  VAULT_NAMESPACE: '',
  OIDC_CLIENT_SECRET: `${canary}-write-only`,
}
const token = `hvs.${canary}-token`
const idToken = `e30.e30.${canary}-id-token`

const files: Files = configuration('jwt', {
  'environments/production.yaml': [
    'auth:',
    '  jwt:',
    '    type: jwt',
    '    config:',
    '      oidc_discovery_url: https://gitlab.example.com',
    '      oidc_client_id: id',
    '      oidc_client_secret: "${env:OIDC_CLIENT_SECRET}"',
    '',
  ].join('\n'),
  'test/access/promises.yaml':
    'promises: [{ name: reads, role: ci, claims: { project_id: "42" }, can: { read: ops/data/x } }]\n',
})

/** Every command that talks to a server. */
const commands: Readonly<Record<string, readonly string[]>> = {
  plan: ['plan'],
  'plan as JSON': ['plan', '--format', 'json'],
  drift: ['drift', '--format', 'markdown'],
  apply: ['apply', '--auto-approve'],
  snapshot: ['snapshot'],
  'access matrix': ['access', 'matrix', '--live'],
  test: ['test', '--live'],
  import: ['import', '--out', 'imported', 'production'],
  exec: ['exec', '--role', 'ci', '--mount', 'jwt', '--secret', 'A=ops/data/x#y', '--', 'true'],
}

function formatOf(words: readonly string[]): string {
  const at = words.indexOf('--format')
  return at === -1 ? 'text' : (words[at + 1] as string)
}

async function ask(
  words: readonly string[],
  address: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const login = words[0] === 'exec' ? { VAULT_ID_TOKEN: idToken } : { VAULT_TOKEN: token }
  const env = { ...secrets, ...login, VAULT_ADDR: address, VAULT_MAX_RETRIES: '0', VAULT_CLIENT_TIMEOUT: '20', ...more }
  return await run(words, { cwd: withFiles(files), env })
}

function told(ran: Ran, words: readonly string[]): string | undefined {
  // The snapshot is the server's answers as they are; who prints it chose to.
  return fault(words[0] === 'snapshot' ? { ...ran, stdout: '' } : ran, formatOf(words))
}

async function started(answer: Answer): Promise<HostileServer> {
  const server = await hostileServer(answer)
  onTestFinished(server.stop)
  return server
}

describe('redirects are not followed', () => {
  let other: HostileServer
  beforeAll(async () => {
    other = await hostileServer(() => undefined)
  })
  afterAll(() => other.stop())

  const targets: readonly (readonly [string, (own: string) => string])[] = [
    ['to another path', () => '/v1/other'],
    ['to another host', () => `${other.address}/v1/sys/auth`],
    ['to another host without a scheme', () => `${other.address.replace('http:', '')}/v1/sys/auth`],
    ['to the host with a user', (own) => own.replace('//', '//user:pass@')],
    ['to the cloud', () => 'http://169.254.169.254/latest/meta-data'],
    ['to a file', () => 'file:///etc/passwd'],
    ['to nothing', () => ''],
  ]

  test.each(targets)(
    '%s',
    async (_name, target) => {
      for (const [name, words] of Object.entries(commands))
        for (const status of [301, 302, 303, 307, 308])
          for (const first of [true, false]) {
            const server: HostileServer = await started((request, response) => {
              if (isHealth(request) !== first) return undefined
              response.writeHead(status, { location: target(server.address) })
              response.end()
              return true
            })
            const ran = await ask(words, server.address)
            expect(told(ran, words), name).toBeUndefined()
            expect(ran, name).toMatchObject({ code: 1 })
            expect(server.requests.filter(({ url }) => url.startsWith('/v1/other'))).toEqual([])
            expect(other.requests).toEqual([])
          }
    },
    5 * minutes,
  )
})

type Respond = (request: Received, response: Parameters<Answer>[1]) => void
type Attack = readonly [name: string, respond: Respond, words?: RegExp]

/** As answers to everything but the first question, and what the command says then. */
const answers: readonly (readonly [string, (request: Received, response: Parameters<Answer>[1]) => void, RegExp?])[] = [
  ['a body without end', (_, response) => flood(response), /larger than any such server sends/],
  [
    'a compressed bomb',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync(Buffer.alloc(50_000_000, '[')))
    },
    /is not JSON/,
  ],
  [
    'a huge head',
    (_, response) => void response.socket?.write(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(1_000_000)}\r\n\r\n`),
    /head of the answer is larger/,
  ],
  ['lists a hundred thousand deep', (_, response) => json(response, `{"data":${nested(100_000)}}`), /nested more than/],
  [
    'maps a hundred thousand deep',
    (_, response) => json(response, `{"data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`),
    /nested more than/,
  ],
  ['deep errors', (_, response) => json(response, `{"errors":[${nested(100_000)}]}`, 400), /nested more than/],
  [
    'errors that are no texts',
    (_, response) => json(response, { errors: [{ toString: 1 }, null, [[1]], { valueOf: 1 }] }, 400),
  ],
  [
    'errors that repeat what they got',
    ({ headers, body }, response) => json(response, { errors: [String(headers['x-vault-token']), body] }, 400),
  ],
  ['errors that steer a terminal', (_, response) => json(response, { errors: [...hostileTexts] }, 500)],
  ['ten thousand errors', (_, response) => json(response, { errors: Array(10_000).fill('x'.repeat(1000)) }, 400)],
  [
    'a content type that steers a terminal',
    ({ headers }, response) => {
      response.writeHead(200, { 'content-type': `text/html; ${String(headers['x-vault-token'])}` })
      response.end('<html><hostile-tag></html>')
    },
    /is not JSON/,
  ],
  ['no content', (_, response) => void response.writeHead(204).end()],
  ['status 999', (_, response) => void response.socket?.end('HTTP/1.1 999 X\r\ncontent-length: 0\r\n\r\n')],
  [
    'a protocol of its own',
    (_, response) => void response.socket?.end('HTTP/1.1 101 X\r\nupgrade: a\r\nconnection: upgrade\r\n\r\n'),
  ],
  ['no HTTP', (_, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'keys of prototypes',
    (_, response) =>
      json(
        response,
        '{"__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"keys":["__proto__"]}}',
      ),
  ],
  ['keys twice', (_, response) => json(response, '{"data":{"keys":["a"],"keys":["../x"]}}')],
  ...[null, 1, true, 'text', [], {}, [null]].flatMap((value): Attack[] => [
    [`the answer ${JSON.stringify(value)}`, (_, response) => json(response, JSON.stringify(value))],
    [`the data ${JSON.stringify(value)}`, (_, response) => json(response, { data: value })],
  ]),
]

describe.each(answers.map(([name, give, words]) => ({ name, give, words })))(
  'a server that answers with $name',
  ({ give, words }) => {
    test(
      'ends every command with an error in words',
      async () => {
        const server = await started((request, response) => {
          if (isHealth(request)) return undefined
          give(request, response)
          return true
        })
        for (const [name, command] of Object.entries(commands)) {
          const ran = await ask(command, server.address)
          expect(told(ran, command), name).toBeUndefined()
          if (words !== undefined && name === 'plan') expect(ran.stderr).toMatch(words)
        }
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      },
      5 * minutes,
    )
  },
)

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function flood(response: Parameters<Answer>[1]): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  const chunk = Buffer.alloc(1 << 20, 'x')
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
}

test.each([
  ['the body', (response: Parameters<Answer>[1]) => void response.write(' ')],
  [
    'early hints',
    (response: Parameters<Answer>[1]) => void response.socket?.write('HTTP/1.1 103 Early Hints\r\nX: a\r\n\r\n'),
  ],
])('a server that drips %s for ever is given up', async (_name, drip) => {
  const server = await started((request, response) => {
    if (isHealth(request)) return undefined
    const timer = setInterval(() => (response.destroyed ? clearInterval(timer) : drip(response)), 200)
    return true
  })
  const ran = await ask(['plan'], server.address, { VAULT_CLIENT_TIMEOUT: '1' })
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/so slowly|no answer came|did not answer/) })
})

test.each(['version', 'initialized', 'sealed', 'cluster_id', 'enterprise'])(
  'whatever %s of its health is',
  async (key) => {
    for (const value of [null, 1, {}, [], ...hostileTexts]) {
      const server = await started(
        (request, response) => isHealth(request) && json(response, { ...health, [key]: value }),
      )
      expect(told(await ask(['plan'], server.address), ['plan']), JSON.stringify(value)).toBeUndefined()
      await server.stop()
    }
  },
)

test('more than a million names are refused', async () => {
  const keys = Array.from({ length: 1_000_001 }, (_, index) => `p${index}`)
  const body = JSON.stringify({ data: { keys } })
  const server = await started((request, response) => {
    if (request.url.includes('list=true')) return json(response, body)
    return request.url === '/v1/sys/auth' && json(response, { data: { 'token/': { type: 'token' } } })
  })
  const ran = await ask(['plan'], server.address)
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('more than 1000000 names') })
})

test(`what is nested ${deepestJson} deep is read, one more is not`, async () => {
  for (const [depth, refused] of [
    [deepestJson - 1, false],
    [deepestJson, true],
  ] as const) {
    const server = await started(
      (request, response) => !isHealth(request) && json(response, `{"data":${nested(depth)}}`),
    )
    expect((await ask(['plan'], server.address)).stderr.includes('nested more than')).toBe(refused)
  }
})

/** How a right answer is spoiled on its way. */
function spoil(text: string, random: ReturnType<typeof chance>): string {
  if (random.once(3)) return garbled(text, random)
  const value = JSON.parse(text) as JsonValue
  return JSON.stringify(random.pick([mutated, spoiled])(value, random, random.pick([3, 8, 20])))
}

test(
  'a server that mostly answers rightly, and sometimes anything',
  async () => {
    const sandbox = await startSandbox()
    onTestFinished(() => sandbox.close())
    const [start, count] = [seed(), cases(300)]
    const codes = new Map<number, number>()
    let spoilt = 0
    for (let index = 0; index < count; index++) {
      const random = chance(start + index)
      const [name, words] = random.pick(Object.entries(commands))
      const odds = random.pick([2, 6, 20])
      const server = await hostileServer(async (request, response) => {
        const { method, url, headers, body } = request
        const token = headers['x-vault-token'] === undefined ? {} : { 'x-vault-token': sandbox.token }
        const right = await fetch(sandbox.address + url, { method, headers: token, ...(body === '' ? {} : { body }) })
        const text = await right.text()
        if (text === '' || !random.once(odds)) {
          response.writeHead(right.status, { 'content-type': 'application/json' })
          response.end(text)
          return true
        }
        spoilt++
        const status = random.once(5) ? random.pick([200, 204, 400, 403, 404, 405, 412, 473, 501]) : right.status
        return json(
          response,
          random.once(12) ? { data: hostileValue(random), errors: hostileValue(random) } : spoil(text, random),
          status,
        )
      })
      const ran = await ask(words, server.address)
      await server.stop()
      codes.set(ran.code, (codes.get(ran.code) ?? 0) + 1)
      expect(told(ran, words), `VAULTWRIGHT_SEED=${start + index} VAULTWRIGHT_CASES=1: ${name}`).toBeUndefined()
    }
    process.stdout.write(
      `hostile server: seed ${start}, ${count} runs, ${spoilt} answers spoilt, exit codes ${JSON.stringify([...codes])}\n`,
    )
    if (count >= 100) expect(spoilt).toBeGreaterThan(0)
  },
  20 * minutes,
)
