import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scrub } from '../../src/vault/scrub.ts'
import { cases, seed } from '../support/generated.ts'

const only = (secret: string) => new Set([secret])

/** Long and odd enough for every spelling to differ from the others. */
const secret = fc.string({ minLength: 20, maxLength: 60, unit: 'grapheme-ascii' })

const spellings: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (text) => text,
  'as JSON': (text) => JSON.stringify(text).slice(1, -1),
  'as JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
  'in a URL': (text) => encodeURIComponent(text),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64, behind a word': (text) => Buffer.from(`user:${text}`).toString('base64'),
  'in base64 of URLs': (text) => Buffer.from(`ab${text}.`).toString('base64url'),
}

test.each(Object.entries(spellings))('a secret is taken out of what a server says, %s', (_name, spell) => {
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
      const clean = scrub(`${before}${spell(text)}${after}`, only(text))
      const spelt = spell(text)
      for (let at = 0; at + 16 <= spelt.length; at++) expect(clean).not.toContain(spelt.slice(at, at + 16))
      expect(clean).toContain('(secret)')
    }),
    { numRuns: cases(200), seed: seed() },
  )
})

test('a piece of it is taken out as well, and what stands around it stays', () => {
  const token = `hvs.${crypto.randomUUID()}`
  expect(scrub(`refused: ${token}; and ${token.slice(5, 25)}!`, only(token))).toBe('refused: (secret); and (secret)!')
  expect(scrub(`${token}${token}`, only(token))).toBe('(secret)')
})

test('a short secret is taken out as a whole, and one of a few letters would hide other words', () => {
  expect(scrub('the pin is 4711-x, not 4711', only('4711-x'))).toBe('the pin is (secret), not 4711')
  expect(scrub('no such thing', only('no'))).toBe('no such thing')
})

test('what has nothing of a secret in it is left as it is', () => {
  const words = 'error validating claims: claim "ref" does not match any associated bound claim values'
  expect(scrub(words, only(crypto.randomUUID()))).toBe(words)
  expect(scrub(words, new Set())).toBe(words)
})

test('a secret that is learned later counts from then on', () => {
  const [first, second] = [crypto.randomUUID(), crypto.randomUUID()]
  const secrets = new Set([first])
  expect(scrub(`${first} ${second}`, secrets)).toBe(`(secret) ${second}`)
  secrets.add(second)
  expect(scrub(`${first} ${second}`, secrets)).toBe('(secret) (secret)')
})
