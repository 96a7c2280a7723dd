import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { sign } from '../support/issuer.ts'
import { canaries } from './canaries.ts'

/** Every way in which a canary may be shown, so that a search that finds nothing means something. */
const disguises: readonly (readonly [how: string, disguise: (text: string) => string])[] = [
  ['as it is', (text) => text],
  ['its first half', (text) => text.slice(0, text.length / 2 + 2)],
  ['its second half', (text) => text.slice(text.length / 2 - 2)],
  ['as JSON', (text) => JSON.stringify({ value: JSON.stringify(text) })],
  ['in a URL', (text) => `https://a.b/?x=${encodeURIComponent(text)}`],
  ['every byte escaped', (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&')],
  ['in hexadecimal', (text) => Buffer.from(`x${text}`).toString('hex')],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64 behind a name', (text) => Buffer.from(`user:${text}@host`).toString('base64')],
  ['in base64 behind two letters', (text) => Buffer.from(`ab${text}`).toString('base64')],
  ['in base64 of URLs', (text) => Buffer.from(`{"a":"${text}"}`).toString('base64url')],
  ['as Node prints bytes', (text) => [...Buffer.from(text)].map((byte) => byte.toString(16)).join(' ')],
]

test.each(disguises)('a planted text is found %s', (_how, disguise) => {
  const planted = canaries()
  const text = planted.plant('a token', (core) => `hvs.${core}`)
  expect(planted.foundIn(Buffer.from(`before ${disguise(text)} after`))).not.toEqual([])
})

test('an ID token is found by its signature, and not by its claims', async () => {
  const planted = canaries()
  const token = planted.adopt('an ID token', await sign())
  const [head, claims, signature] = token.split('.')
  expect(planted.foundIn(Buffer.from(`${head}.${claims}`))).toEqual([])
  expect(planted.foundIn(Buffer.from(signature as string))).toEqual(['an ID token (plain)'])
})

test('a private key is found by any line of it, and not by another key', () => {
  const key = () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const planted = canaries()
  const lines = planted.adopt('a key', String(key())).split('\n')
  expect(planted.foundIn(Buffer.from(lines[3] as string))).toEqual(['a key (plain)'])
  expect(planted.foundIn(Buffer.from(String(key())))).toEqual([])
})
