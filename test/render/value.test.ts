import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/core/json.ts'
import { formatValue } from '../../src/render/value.ts'

describe('a value reads as it would in a file', () => {
  test.each<[string, JsonValue, string]>([
    ['a plain text is bare', 'nexus-read', 'nexus-read'],
    ['a URL is bare', 'https://vault.example.com:8200/v1', 'https://vault.example.com:8200/v1'],
    ['a text of digits is quoted, a number is not', ['42', 42], '["42", 42]'],
    ['a text that YAML takes for a boolean is quoted', ['true', true, 'No'], '["true", true, "No"]'],
    ['an empty text is quoted', '', '""'],
    ['a text that could pass for a list is quoted', 'a, b', '"a, b"'],
    ['a text that YAML takes for a key is quoted', 'a:', '"a:"'],
    ['quotes and backslashes inside are escaped', 'say "\\x1b"', '"say \\"\\\\x1b\\""'],
    ['control characters show, and differ from their spelling', '\x1b', '"\\x1b"'],
    ['a map is sorted', { b: 1, a: null }, '{ a: null, b: 1 }'],
    ['empty ones', [{}, []], '[{}, []]'],
  ])('%s', (_name, value, shown) => {
    expect(formatValue(value, ['field'])).toBe(shown)
  })
})

describe('durations read in units', () => {
  test.each([
    [['token_ttl'], 120, '2m'],
    [['token_period'], 86400, '24h'],
    [['max_age'], 90, '1m30s'],
    [['clock_skew_leeway'], -1, '-1s'],
    [['tune', 'max_lease_ttl'], 3600, '1h'],
    [['token_num_uses'], 120, '120'],
    [['poll_interval'], 5, '5'],
  ])('%j', (field, seconds, shown) => {
    expect(formatValue(seconds, field)).toBe(shown)
  })

  test('a claim is no duration, whatever its name', () => {
    expect(formatValue(60, ['bound_claims', 'token_ttl'])).toBe('60')
  })

  test('what is no number shows as it is', () => {
    expect(formatValue('soon', ['token_ttl'])).toBe('soon')
  })
})

describe('write-only references', () => {
  test('show as references, and say what they are', () => {
    expect(formatValue('${env:CLIENT_SECRET}', ['oidc_client_secret'])).toBe('${env:CLIENT_SECRET} (write-only)')
    expect(formatValue({ file: 'sa.json' }, ['provider_config', 'gsuite_service_account'])).toBe(
      '{ file: sa.json } (write-only)',
    )
  })

  test('the remark cannot be forged by a value', () => {
    expect(formatValue('${env:X} (write-only)', ['oidc_client_secret'])).toBe('"${env:X} (write-only)"')
    expect(formatValue('${env:X}', ['description'])).toBe('"${env:X}"')
    expect(formatValue({ file: 'x' }, ['bound_claims'])).toBe('{ file: x }')
  })
})
