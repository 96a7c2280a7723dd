import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/core/diagnostic.ts'
import { gitlabConnection, tokenPlaces } from '../../src/gitlab-api/settings.ts'

const token = { VAULTWRIGHT_GITLAB_TOKEN: 'glpat-canary' }
const url = (env: Record<string, string>, chosen?: string) =>
  gitlabConnection({ ...token, ...env }, { url: chosen })?.apiUrl

describe('the address of GitLab', () => {
  test.each([
    [
      { CI_API_V4_URL: 'https://a.example/api/v4', CI_SERVER_URL: 'https://b.example' },
      undefined,
      'https://a.example/api/v4',
    ],
    [{ CI_SERVER_URL: 'https://b.example' }, undefined, 'https://b.example/api/v4'],
    [{ CI_SERVER_URL: 'https://b.example/gitlab/' }, undefined, 'https://b.example/gitlab/api/v4'],
    [{ CI_API_V4_URL: 'https://a.example/api/v4' }, 'https://c.example:8443', 'https://c.example:8443/api/v4'],
    [{}, 'https://c.example/api/v4/', 'https://c.example/api/v4'],
  ])('of %j and --gitlab-url %s', (env, chosen, expected) => {
    expect(url(env, chosen)).toBe(expected)
  })

  test.each([
    [{}, undefined, 'no address of GitLab is known'],
    [{ CI_SERVER_URL: 'gitlab.example.com' }, undefined, 'CI_SERVER_URL is no address'],
    [{}, 'ftp://gitlab.example.com', '--gitlab-url is no address'],
    [{ CI_API_V4_URL: 'https://user:hunter2@a.example/api/v4' }, undefined, 'CI_API_V4_URL holds a user'],
  ])('is refused: %j, %s', (env, chosen, words) => {
    expect(() => url(env, chosen)).toThrow(words)
    expect(() => url(env, chosen)).toThrow(UserError)
    expect(() => url(env, chosen)).not.toThrow('hunter2')
  })
})

describe('the token', () => {
  const of = (env: Record<string, string>, tokenVariable?: string) =>
    gitlabConnection({ CI_SERVER_URL: 'https://a.example', ...env }, { tokenVariable })?.token

  test('comes from the variable that is named, or else from ours before the common one', () => {
    const env = { VAULTWRIGHT_GITLAB_TOKEN: 'ours', GITLAB_TOKEN: 'common', MINE: 'named\n' }
    expect(of(env)).toBe('ours')
    expect(of({ ...env, VAULTWRIGHT_GITLAB_TOKEN: ' ' })).toBe('common')
    expect(of(env, 'MINE')).toBe('named')
    expect(of(env, 'ELSEWHERE')).toBeUndefined()
    expect(of({})).toBeUndefined()
    expect([tokenPlaces({}), tokenPlaces({ tokenVariable: 'MINE' })]).toEqual([
      'VAULTWRIGHT_GITLAB_TOKEN or GITLAB_TOKEN',
      'MINE',
    ])
  })

  test('that is the job token, or cannot be sent, is refused without being shown', () => {
    expect(() => of({ GITLAB_TOKEN: 'glcbt-canary', CI_JOB_TOKEN: 'glcbt-canary' })).toThrow('CI_JOB_TOKEN')
    expect(() => of({ GITLAB_TOKEN: 'glpat-\ncanary' })).toThrow('cannot be sent')
    expect(() => of({ GITLAB_TOKEN: 'glpat-\ncanary' })).not.toThrow('canary')
  })

  test('is not asked for an address when there is none', () => {
    expect(gitlabConnection({})).toBeUndefined()
  })
})

test('proxies are those of the usual variables', () => {
  const env = { ...token, CI_SERVER_URL: 'https://a.example', HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.example' }
  expect(gitlabConnection(env)?.proxy).toEqual({ https: 'http://p:1', except: 'b.example' })
  expect(() => gitlabConnection({ ...env, HTTP_PROXY: 'socks5://x' })).toThrow('HTTP_PROXY')
})
