import { describe, expect, test } from 'vitest'
import { desiredOf, type Files, loadFiles, told } from '../support/files.ts'
import { type Mistake, testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

/** Made at run time, so that no text of this file is a secret. */
const secret = ['s', 'e', 'c'].join('-') + String(Math.random()).slice(2)

const withEnvironment = (text: string, more: Files = {}): Files => ({
  ...complete,
  'environments/production.yaml': text,
  ...more,
})
const withConfig = (lines: string, more?: Files) =>
  withEnvironment(environment.replace(/config: .*/, `config:\n${lines}`), more)
const issuer = '      oidc_discovery_url: https://gitlab.example.com\n'
const pem = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`

describe('a secret under a misspelt key', () => {
  test.each([
    ['one that is nearly a write-only name', withConfig(`${issuer}      oidc_client_secrt: ${secret}\n`)],
    ['one with a telling word', withConfig(`${issuer}      the_password: ${secret}\n`)],
    ['a token', withEnvironment(`${environment}token: ${secret}\n`)],
    ['over several lines', withConfig(`${issuer}      client_secrt: |\n        a\n        ${secret}\n`)],
    [
      'in the same line as another mistake',
      withConfig(`      { bound_isuer: x, api_kye: 1, client_credentials: ${secret} }\n`),
    ],
    [
      'inside an unknown map',
      withEnvironment(environment.replace('config: {', `confg: { oidc_client_secrt: ${secret},`)),
    ],
    ['through an alias', withConfig(`${issuer}      bound_isuer: &s ${secret}\n      client_secrt: *s\n`)],
    [
      'written twice as something like a field of tokens',
      withEnvironment(`${environment}token_t: a\ntoken_t: ${secret}\n`),
    ],
    ['written twice', withConfig(`${issuer}      client_secrt: a\n      client_secrt: ${secret}\n`)],
    ['in a broken file', withConfig(`${issuer}      client_secrt: "${secret}" }\n`)],
    ['in a broken file, by its words', withConfig(`${issuer}      some_password: ${secret}: b: c\n`)],
  ])('is in no message: %s', async (_how, files) => {
    const { diagnostics } = await loadFiles(files)
    expect(diagnostics).not.toEqual([])
    expect(JSON.stringify(diagnostics)).not.toContain(secret)
  })

  test('a number that is a secret is in no message', async () => {
    const digits = `00${String(Math.random()).slice(2)}`
    for (const key of ['oidc_client_secret', 'oidc_client_secrt', 'some_pin_token']) {
      const { diagnostics } = await loadFiles(withConfig(`${issuer}      ${key}: ${digits}\n`))
      expect(diagnostics.map(({ code }) => code)).toContain('unsafe-number')
      expect(JSON.stringify(diagnostics)).not.toContain(digits)
    }
  })

  test('the excerpt still shows the key', async () => {
    const { diagnostics } = await loadFiles(withConfig(`${issuer}      oidc_client_secrt: ${secret}\n`))
    expect(diagnostics.map(({ excerpt }) => excerpt)).toEqual(['      oidc_client_secrt: (not shown)'])
  })

  test.each([
    ['a field of tokens that is nearly a known one', `${role}token_tll: 5m\n`, 'token_tll: 5m'],
    ['a known field of tokens that is written twice', `${role}token_ttl: 6m\n`, 'token_ttl: 6m'],
    ['a key without a telling word', `${role}user_clam: 5m\n`, 'user_clam: 5m'],
    ['a reference', `${role}some_password: "\${env:A}"\n`, 'some_password: "${env:A}"'],
  ])('%s is shown', async (_what, text, excerpt) => {
    const { diagnostics } = await loadFiles({ ...complete, 'roles/app.yaml': text })
    expect(diagnostics.map((found) => found.excerpt)).toContain(excerpt)
  })
})

describe('user and password in an address', () => {
  test.each([
    ['a user alone', `address: https://${secret}@v.example.com\n${environment}`],
    ['a password', `address: https://u:${secret}@v.example.com\n${environment}`],
    ['a password with signs of its own', `address: https://u:a/b@${secret}@v.example.com\n${environment}`],
    ['under a misspelt key', `adress: https://u:${secret}@v.example.com\n${environment}`],
    ['in another field', `${environment}unmanaged: https://u:${secret}@v.example.com\n`],
    [
      'behind the cut of the excerpt',
      `adress: https://u:${'x'.repeat(150)}${secret}${'x'.repeat(150)}@v.example.com\n`,
    ],
    ['in the name of an object', `${environment}policies: ["https://u:${secret}@v"]\n`],
  ])('are in no message: %s', async (_how, text) => {
    const { diagnostics } = await loadFiles(withEnvironment(text))
    expect(diagnostics).not.toEqual([])
    expect(JSON.stringify(diagnostics)).not.toContain(secret)
  })
})

const ca = (path: string) => `${issuer}      oidc_discovery_ca_pem: { file: ${path} }\n`
const mistakes: Mistake[] = [
  ...['.git/config', '.env', 'certs/.private/a.pem'].map(
    (path): Mistake => [
      `${path} is hidden by a dot: a field does not take it`,
      withConfig(ca(path), { [path]: pem('CERTIFICATE') }),
      [['path-not-allowed environments/production.yaml:6:30', 'begins with a dot']],
    ],
  ),
  [
    'a list of entries from a file that a dot hides',
    { ...complete, 'roles/app.yaml': `${role}for_each: { file: .env }\n`, '.env': `A=${secret}\n` },
    [['path-not-allowed roles/app.yaml:9:19', 'begins with a dot']],
  ],
  [
    'a file without PEM',
    withConfig(ca('a.txt'), { 'a.txt': `${secret}\n` }),
    [['invalid-value environments/production.yaml:6:30', 'holds no PEM']],
  ],
  [
    'a private key in place of a certificate',
    withConfig(ca('a.pem'), { 'a.pem': pem('CERTIFICATE') + pem('EC PRIVATE KEY') }),
    [['invalid-value environments/production.yaml:6:30', 'holds a private key']],
  ],
]

describe('files that others mention', () => {
  testMistakes(mistakes)

  test('a path with "./" is as good as one without', async () => {
    const configuration = await loadFiles(withConfig(ca('./certs/a.pem'), { 'certs/a.pem': pem('CERTIFICATE') }))
    expect(told(configuration)).toEqual([])
    expect(desiredOf(configuration, 'jwt-config/jwt').spec['oidc_discovery_ca_pem']).toBe(pem('CERTIFICATE'))
  })
})
