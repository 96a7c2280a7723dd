import { generateKeyPairSync } from 'node:crypto'
import { describe } from 'vitest'
import type { Files } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete } from './sets.ts'

const withMount = (mount: string, more: Files = {}): Files => ({
  ...complete,
  'environments/production.yaml': `auth:\n  jwt:\n${mount}`,
  ...more,
})
const issuer = '    config: { oidc_discovery_url: https://gitlab.example.com }\n'

describe('the type of a mount', () => {
  testMistakes([
    [
      'that takes no configuration is told from a slip',
      withMount(`    type: jvt\n${issuer}`),
      [['wrong-mount-type environments/production.yaml:3:5', 'type "jvt" takes no JWT', 'Did you mean "jwt"?']],
    ],
    [
      'that is another one takes no roles, either',
      withMount('    type: ldap\n'),
      [['wrong-mount-type environments/production.yaml:3:5', 'type "ldap"', 'The types that do are jwt and oidc']],
    ],
    ['can be oidc', withMount(`    type: oidc\n${issuer}`), []],
    [
      'is anything where nothing is in it',
      withMount(`    type: jwt\n${issuer}`, {
        'environments/other.yaml': 'auth: { people: { type: ldap }, machines: { type: my-plugin } }\n',
      }),
      [],
    ],
  ])
})

describe('a public key', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const secret = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const withKeys = (keys: string, more: Files = {}) =>
    withMount(`    type: jwt\n    config: { jwt_validation_pubkeys: ${keys} }\n`, more)
  const none = 'error parsing public key: data does not contain any valid public keys'
  testMistakes([
    [
      'that is none is refused where it stands',
      withKeys(`[{ file: a.pem }, hello]`, { 'a.pem': pem }),
      [['invalid-value environments/production.yaml:4:57', none, 'a PEM public key or certificate']],
    ],
    ['alone is refused likewise', withKeys('hello'), [['invalid-value environments/production.yaml:4:39', none]]],
    [
      'is not the private one',
      withKeys('[{ file: a.pem }]', { 'a.pem': secret }),
      [['invalid-value environments/production.yaml:4:40', 'holds a private key']],
    ],
    [
      'is one to a file',
      withKeys('[{ file: a.pem }]', { 'a.pem': pem + pem }),
      [['invalid-value environments/production.yaml:4:40', 'unexpected trailing data after parsed PEM block']],
    ],
    ['in PEM is taken', withKeys('[{ file: a.pem }]', { 'a.pem': `of the issuer\n${pem}` }), []],
  ])
})
