import { expect, test } from 'vitest'
import { compareVersions, describeRequirement, meets, parseServerVersion } from '../../src/core/version.ts'

test.each([
  ['1.21.0', '1.9.9', 1],
  ['1.21.0+ent', '1.21.0', 0],
  ['2.6.0-beta1', '2.6.0', 0],
  ['v2.1', '2.1.0', 0],
  ['1.16.5', '1.17', -1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
})

test.each([
  ['vault@1.21.0', { product: 'vault', version: '1.21.0' }],
  ['openbao@v2.6', { product: 'openbao', version: '2.6' }],
  ['vault@1.21.0+ent', { product: 'vault', version: '1.21.0+ent' }],
  ['vault', undefined],
  ['bao@2.6', undefined],
  ['vault@latest', undefined],
])('%s', (text, expected) => {
  expect(parseServerVersion(text)).toEqual(expected)
})

test('a product that a requirement does not name lacks it, whatever its version', () => {
  expect(meets({ product: 'vault', version: '99.0' }, { openbao: '2.1' })).toBe(false)
  expect(meets({ product: 'openbao', version: '2.0.3' }, { openbao: '2.1' })).toBe(false)
  expect(meets({ product: 'openbao', version: '2.1.0' }, { openbao: '2.1' })).toBe(true)
  expect(meets({ product: 'vault', version: '1.0' }, undefined)).toBe(true)
})

test('a requirement reads as a sentence', () => {
  expect(describeRequirement({ openbao: '2.1', vault: '1.16' })).toBe('OpenBao 2.1 or later or Vault 1.16 or later')
})
