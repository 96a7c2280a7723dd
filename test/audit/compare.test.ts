import { expect, test } from 'vitest'
import { compareSent, textsToHash } from '../../src/audit/compare.ts'
import { ownHash } from '../../src/audit/entry.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { hmac } from './entries.ts'

const salt = 's'

/** As the adapter asks: only the texts that were said to be needed are hashed. */
function compare(sent: JsonValue, held: JsonValue | undefined, asked = true) {
  const needed = asked ? textsToHash(held) : []
  return compareSent(sent, held, (text) => (needed.includes(text) ? [hmac(salt, text)] : []))
}

const h = (text: string) => hmac(salt, text)

test.each<[string, JsonValue, JsonValue | undefined]>([
  ['a text', h('jwt'), 'jwt'],
  ['a text in clear', ownHash('jwt'), 'jwt'],
  ['a list in another order', [h('b'), h('a')], ['a', 'b']],
  ['a list with repetitions', [h('a'), h('a')], ['a']],
  ['a list that was written as a text with commas', h('a,b'), ['a', 'b']],
  ['a claim with one value that was written as a list', [h('42')], '42'],
  ['a map', { project_id: h('42'), ref_protected: true }, { project_id: '42', ref_protected: true }],
  ['a duration in seconds', 300, 300],
  ['a duration as people write it', h('5m'), 300],
  ['a duration as Go writes it', h('0h5m0s'), 300],
  ['a duration as a text of seconds', h('300'), 300],
  ['a switch', true, true],
  ['a switch as a text', h('true'), true],
  ['an empty list and one that was never written', [], null],
  ['zero and a default', 0, undefined],
  ['a single address, of which the server drops the mask', [h('10.0.0.1/32')], ['10.0.0.1']],
  ['a PEM whose last line break the server drops', [h('-----BEGIN X\n')], ['-----BEGIN X']],
])('%s is the same', (_what, sent, held) => {
  expect(compare(sent, held)).toBe('same')
})

test.each<[string, JsonValue, JsonValue | undefined]>([
  ['another text', h('oidc'), 'jwt'],
  ['another text in clear', ownHash('oidc'), 'jwt'],
  ['another element', [h('a'), h('c')], ['a', 'b']],
  ['one element less', [h('a')], ['a', 'b']],
  ['another claim', { project_id: h('43') }, { project_id: '42' }],
  ['a claim more', { project_id: h('42'), ref: h('main') }, { project_id: '42' }],
  ['another number', 600, 300],
  ['an emptied list', [], ['a']],
])('%s is different', (_what, sent, held) => {
  expect(compare(sent, held)).toBe('different')
})

test.each<[string, JsonValue, JsonValue | undefined]>([
  ['a duration in a spelling of its own', h('0.5m'), 30],
  ['a list in an order of its own, as one text', h('b,a'), ['a', 'b']],
  ['a text for what is not there', h('x'), undefined],
  ['a null, which the server ignores for some types', null, 'x'],
])('%s cannot be told', (_what, sent, held) => {
  expect(compare(sent, held)).toBe('unknown')
})

test('without hashes nothing hashed is called different', () => {
  expect(compare(h('oidc'), 'jwt', false)).toBe('unknown')
  expect(compare([h('a')], ['a', 'b'], false)).toBe('unknown')
  expect(compare({ a: h('1') }, { a: '2' }, false)).toBe('unknown')
})
