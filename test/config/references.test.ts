import { generateKeyPairSync } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfiguration } from '../../src/config/load.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import { kinds } from '../../src/kinds/index.ts'
import { desiredOf, type Files, loadFiles, told, withFiles } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment } from './sets.ts'

/** A configuration with more fields; they stand on line 4, after 54 characters. */
const withConfig = (fields: string, more: Files = {}): Files => ({
  ...complete,
  'environments/production.yaml': environment.replace(' }', `, ${fields} }`),
  ...more,
})
const withSecret = (value: string, more: Files = {}) =>
  withConfig(`oidc_client_id: a, oidc_client_secret: ${value}`, more)
const secretAt = 'environments/production.yaml:4:102'
const specOf = async (files: Files) => desiredOf(await loadFiles(files), 'jwt-config/jwt').spec
const publicKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
const pem = (kind: string) => `-----BEGIN ${kind}-----\n`
/** Made at run time, so that no text of this file is a secret. */
const secret = ['s', 'e', 'c'].join('-') + String(Math.random()).slice(2)

describe('{ file: path }', () => {
  test("stands for the file's text where a kind takes it", async () => {
    const files = withConfig('oidc_discovery_ca_pem: { file: "certs/${environment}.pem" }', {
      'certs/production.pem': pem('A'),
    })
    expect((await specOf(files))['oidc_discovery_ca_pem']).toBe(pem('A'))
  })

  test('stands in lists as well', async () => {
    const [one, other] = [publicKey(), publicKey()]
    const text =
      'auth: { jwt: { type: jwt, config: { jwt_validation_pubkeys: [{ file: a.pem }, { file: b.pem }] } } }\n'
    const files = { ...complete, 'environments/production.yaml': text, 'a.pem': one, 'b.pem': other }
    expect((await specOf(files))['jwt_validation_pubkeys']).toEqual([one.trim(), other.trim()].sort())
  })

  testMistakes([
    [
      'a field that takes no file',
      withConfig('bound_issuer: { file: a }', { a: 'x' }),
      [['wrong-type environments/production.yaml:4:77', 'bound_issuer: expected a string, got a map']],
    ],
    [
      'a file that is not there',
      withConfig('oidc_discovery_ca_pem: { file: a.pem }'),
      [['unreadable-file environments/production.yaml:4:86', '"a.pem"']],
    ],
    [
      'a path out of the folder',
      withConfig('oidc_discovery_ca_pem: { file: ../a.pem }'),
      [['path-not-allowed environments/production.yaml:4:86', 'leads out']],
    ],
    [
      'a file that is no text',
      withConfig('oidc_discovery_ca_pem: { file: a.pem }', { 'a.pem': Buffer.from([0xff]) }),
      [['not-utf8 a.pem:1:1']],
    ],
  ])

  test('a link out of the folder is refused', async () => {
    const directory = withFiles(withConfig('oidc_discovery_ca_pem: { file: a.pem }'))
    symlinkSync(join(withFiles({ 'a.pem': 'x' }), 'a.pem'), join(directory, 'a.pem'))
    const lines = told(await loadConfiguration(directory, { kinds, env: {} }))
    expect(lines).toEqual([expect.stringMatching(/^path-not-allowed environments.*a link that leads out/)])
  })
})

describe('write-only values', () => {
  test.each([
    ['"${env:CLIENT_SECRET}"', '${env:CLIENT_SECRET}'],
    ['{ file: secrets/client }', { file: 'secrets/client' }],
    ['{ file: "secrets/${environment}" }', { file: 'secrets/production' }],
    ['{ file: "${env:CLIENT_SECRET}" }', { file: '${env:CLIENT_SECRET}' }],
  ])('%s stays a reference, set or not', async (written, reference) => {
    for (const env of [{}, { CLIENT_SECRET: secret }]) {
      const configuration = await loadFiles(withSecret(written), { env })
      expect(told(configuration)).toEqual([])
      expect(desiredOf(configuration, 'jwt-config/jwt').spec['oidc_client_secret']).toEqual(reference)
      expect(JSON.stringify(configuration)).not.toContain(secret)
    }
  })

  test("a provider's secret is a reference, too", async () => {
    const files = withConfig('provider_config: { provider: gsuite, gsuite_service_account: "${env:ACCOUNT}" }')
    expect((await specOf(files))['provider_config']).toMatchObject({ gsuite_service_account: '${env:ACCOUNT}' })
  })

  testMistakes([
    [
      'a secret in the clear',
      withSecret('hunter2'),
      [[`invalid-value ${secretAt}`, 'a secret must not stand in a file']],
    ],
    [
      'a secret from a variable',
      withSecret('"${environment}"'),
      [[`invalid-value ${secretAt}`, 'a secret must not stand in a file']],
    ],
    [
      'a secret in a file elsewhere',
      withSecret('{ file: /etc/secret }'),
      [[`path-not-allowed ${secretAt}`, '${env:NAME}']],
    ],
    [
      'a reference with something around it',
      withSecret('"x${env:A}"'),
      [[`invalid-value ${secretAt}`, 'exactly "${env:NAME}"']],
    ],
  ])

  test.each([
    ['as the value', withSecret(secret)],
    ['beside another mistake', withSecret(`${secret}, bound_isuer: x`)],
    ['in a broken file', withSecret(`${secret}, "`)],
    ['before a mistake in the same line of a broken file', withSecret(`${secret} }}}`)],
    ['through an alias', withConfig(`bound_subject: &s ${secret}, oidc_client_secret: *s`)],
    ['over several lines', withSecret(`"a\n      ${secret}"`)],
    ['in a list', withSecret(`[${secret}]`)],
    ['in a file reference', withSecret(`{ file: a, text: ${secret} }`)],
  ])('a secret in the clear is in no message: %s', async (_how, files) => {
    const { diagnostics } = await loadFiles(files)
    expect(diagnostics).not.toEqual([])
    expect(JSON.stringify(diagnostics)).not.toContain(secret)
  })
})

describe('secretOf', () => {
  const configured = (files: Files, env = {}) => loadFiles({ ...complete, ...files }, { env })

  test('reads the environment of the run', async () => {
    const { secretOf } = await configured({}, { A: `${secret}\n` })
    expect(secretOf('${env:A}')).toBe(`${secret}\n`)
  })

  test("reads a file and cuts one newline off its end, an editor's", async () => {
    const { secretOf } = await configured({ 'a/one': `${secret}\n\n`, 'a/two': `${secret}\r\n`, 'a/none': secret })
    expect(['a/one', 'a/two', 'a/none'].map((file) => secretOf({ file }))).toEqual([`${secret}\n`, secret, secret])
  })

  test('a path from the environment of the run may lie anywhere', async () => {
    const elsewhere = join(withFiles({ token: secret }), 'token')
    const { secretOf } = await configured({}, { TOKEN_FILE: elsewhere })
    expect(secretOf({ file: '${env:TOKEN_FILE}' })).toBe(secret)
  })

  test.each([
    ['an unset variable', '${env:UNSET_ONE}', 'UNSET_ONE'],
    ['an empty variable', '${env:EMPTY_ONE}', 'EMPTY_ONE'],
    ['the path of a file in an unset variable', { file: '${env:UNSET_ONE}' }, 'UNSET_ONE'],
    ['a file that is not there', { file: 'nowhere' }, 'nowhere'],
    ['a path out of the folder', { file: '../x' }, '../x'],
    ['a value that is no reference', secret, 'no reference'],
  ])('%s is the mistake of a user, and the message names the reference only', async (_what, reference, word) => {
    const { secretOf } = await configured({}, { EMPTY_ONE: '', OTHER: secret })
    const read = () => secretOf(reference)
    expect(read).toThrow(UserError)
    expect(read).toThrow(word)
    expect(read).not.toThrow(secret)
  })
})
