import { describe, expect, test } from 'vitest'
import { checkProxy, proxyFor } from '../../src/vault/proxy.ts'

const both = { http: 'http://plain:1', https: 'http://secure:2' }

test('https goes through HTTPS_PROXY, http through HTTP_PROXY, and a missing scheme is http', () => {
  expect(proxyFor('https://vault.example.com', both)).toBe('http://secure:2')
  expect(proxyFor('http://vault.example.com', both)).toBe('http://plain:1')
  expect(proxyFor('https://vault.example.com', { http: 'http://plain:1' })).toBeUndefined()
  expect(proxyFor('https://vault.example.com', { https: 'proxy:3128' })).toBe('http://proxy:3128')
})

test.each(['https://127.0.0.1:8200', 'http://localhost:8200', 'https://[::1]:8200', 'http://127.9.9.9'])(
  '%s is this machine and never reached through a proxy',
  (origin) => {
    expect(proxyFor(origin, both)).toBeUndefined()
  },
)

describe('NO_PROXY', () => {
  test.each([
    ['*', true],
    ['vault.example.com', true],
    ['example.com', true],
    ['.example.com', true],
    ['*.example.com', true],
    ['other.com, VAULT.example.com ', true],
    ['vault.example.com:8200', true],
    ['vault.example.com:443', false],
    ['ample.com', false],
    ['', false],
  ])('%j leaves vault.example.com:8200 alone: %s', (except, direct) => {
    expect(proxyFor('https://vault.example.com:8200', { ...both, except }) === undefined).toBe(direct)
  })

  test.each([
    ['10.0.0.0/8', true],
    ['10.1.2.3', true],
    ['192.168.0.0/16', false],
    ['fd00::/8', false],
  ])('%j leaves 10.1.2.3 alone: %s', (except, direct) => {
    expect(proxyFor('https://10.1.2.3', { ...both, except }) === undefined).toBe(direct)
  })
})

test('an address that is none is reported, without what stands in it', () => {
  expect(checkProxy('HTTP_PROXY', 'socks5://user:secret@host')).toMatchObject([{ code: 'bad-variable' }])
  expect(JSON.stringify(checkProxy('HTTP_PROXY', 'http://user:secret@:bad'))).not.toContain('secret')
  expect(checkProxy('HTTP_PROXY', 'user:secret@host:3128')).toEqual([])
})
