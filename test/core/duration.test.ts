import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/core/duration.ts'

test.each<[string | number, number]>([
  [300, 300],
  ['300', 300],
  [' 300 ', 300],
  ['5m', 300],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['1h0.5m', 3630],
  ['2d', 172_800],
  ['1500ms', 1],
  ['-1m', -60],
  ['', 0],
  ['0', 0],
])('%j is %i seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
})

test.each(['5 m', 'm', '1h-5m', '5x', '1d2h', 'soon', '1e3', '∞'])('%j is refused', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('what does not fit into 64 bits of nanoseconds is refused, as the server does', () => {
  for (const fits of [9_223_372_036, '9223372036', '-9223372036s', '2562047h', '106751d'])
    expect(parseDuration(fits), String(fits)).toBeDefined()
  for (const tooLong of [9_223_372_037, '9223372037', '-9223372037s', '2562048h', '106752d', '99999999999999999999'])
    expect(parseDuration(tooLong), String(tooLong)).toBeUndefined()
})

describe('formatting', () => {
  test.each([
    [0, '0s'],
    [59, '59s'],
    [300, '5m'],
    [5400, '1h30m'],
    [86_400, '24h'],
    [-90, '-1m30s'],
  ])('%i seconds read %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  test('and parsing are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), (seconds) => parseDuration(formatDuration(seconds)) === seconds),
    )
  })
})
