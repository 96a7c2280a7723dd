import { describe, expect, test } from 'vitest'
import { claimsFor } from '../../repository/claims.ts'
import { joined, say } from './program.ts'

const claims = JSON.stringify({ aud: 'https://vault.example.com', ...claimsFor('myproject-production') })
const unprotected = JSON.stringify({
  ...JSON.parse(claims),
  ref_protected: 'false',
  pipeline_source: 'merge_request_event',
})

async function why(words: readonly string[], input = '') {
  const said = await say(['access', 'why', ...words], { input })
  return { ...said, told: joined(said.stdout) }
}

describe('one role', () => {
  const asRole = ['--role', 'myproject-production', '--claims', '-']

  test('every check of an admitted token, with its place, and the token that comes of it', async () => {
    const said = await why(asRole, claims)
    expect(said.code).toBe(0)
    expect(said.told).toContain('admitted production: role jwt/myproject-production admits this token')
    for (const line of [
      '✓ aud https://vault.example.com roles/myproject.yaml:21',
      '✓ project_id "42" roles/myproject.yaml:24',
    ])
      expect(said.told).toContain(line)
    expect(said.told).not.toContain('✗')
    expect(said.told).toContain('token batch, 2m, policies default, myproject-production')
  })

  test('every failure of a refused one, also those that the server would not get to', async () => {
    const said = await why(asRole, unprotected)
    expect(said.code).toBe(1)
    expect(said.told).toContain('The server names one of 2 failures at random; all of them are below.')
    expect(said.told).toContain('✗ pipeline_source merge_request_event, expected push')
    expect(said.told).toContain('✗ ref_protected "false", expected "true"')
    expect(said.told.match(/merge request's pipeline/g), 'one cause is told once').toHaveLength(1)
  })

  test('which other role would have been the right one', async () => {
    const staging = JSON.stringify({ aud: 'https://vault.example.com', ...claimsFor('myproject-staging') })
    const said = await why(asRole, staging)
    expect(said.told).toContain('admitted by jwt/myproject-staging (staging)')
  })

  test('json has the checks, their places and hints', async () => {
    const said = await why([...asRole, '--format', 'json'], unprotected)
    const { answers } = JSON.parse(said.stdout) as { answers: { login: { checks: { claim?: string }[] } }[] }
    expect(answers[0]?.login).toMatchObject({
      ok: false,
      status: 400,
      errors: expect.arrayContaining([expect.stringContaining('pipeline_source')]),
    })
    expect(answers[0]?.login.checks.find(({ claim }) => claim === 'ref_protected')).toMatchObject({
      ok: false,
      expected: 'true',
      actual: 'false',
      source: { file: 'roles/myproject.yaml', line: 16 },
      hints: [{ id: 'unprotected-ref' }],
    })
  })
})

describe('all roles', () => {
  test('which ones admit the token; the nearest of the others first', async () => {
    const said = await why(['--claims', '-', '-e', 'production'], claims)
    expect(said.code).toBe(0)
    expect(said.told).toMatch(/✓ jwt\/myproject-production batch, 2m, policies default, myproject-production ✗ /)
  })

  test('what is in the way of the nearest one', async () => {
    const said = await why(['--claims', '-', '-e', 'production'], unprotected)
    expect(said.code).toBe(1)
    expect(said.told).toContain('nearest jwt/myproject-production fails only on pipeline_source and ref_protected')
  })

  test('with a path: what the tokens of each may do there', async () => {
    const said = await why(['--claims', '-', '-e', 'production', '--path', 'ops/data/staging/db'], claims)
    expect(said.code).toBe(1)
    expect(said.told).toContain('✗ may not read ops/data/staging/db')
  })
})

describe('a line of a log', () => {
  test('beside a token: what it says, and what the token says', async () => {
    const words = [
      '--role',
      'myproject-production',
      '--claims',
      '-',
      '--error',
      'permission denied',
      '--path',
      'ops/production/db',
    ]
    const said = await why(words, claims)
    expect(said.told).toContain("cause The token's policies do not grant this path")
    expect(said.told).toContain('logged in, but its tokens may not read ops/production/db')
    expect(said.told).toContain('ops/data/production/db would be allowed')
  })

  test('from stdin', async () => {
    expect((await why(['--error', '-'], 'ERROR: missing role\n')).told).toContain('fix Set VAULT_AUTH_ROLE at the job.')
  })

  test('that nobody knows ends with 1', async () => {
    expect(await why(['--error', 'npm ERR!'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('None of the known'),
    })
  })

  test('is no terminal escape', async () => {
    expect((await why(['--error', 'role "\x1b]0;x" could not be found'])).stdout).not.toContain('\x1b')
  })
})

describe('mistakes', () => {
  test.each([
    [[], '', /what is to be explained/],
    [['--token', '-'], '$VAULT_ID_TOKEN', /name of a variable/],
    [['--token', '-'], 'hvs.abcdefghijklmnopqrstuvwxyz', /token of the server/],
    [['--token', '-', '--error', '-'], '', /stdin can be one of them only/],
    [['--claims', '-', '--at', 'yesterday'], claims, /--at takes/],
    [['--claims', '-', '--path', 'a', '--capability', 'raed'], claims, /Did you mean read\?/],
  ])('%j', async (words, input, message) => {
    const said = await why(words, input)
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(joined(said.stderr)).toMatch(message)
  })

  test('an empty token is what the server calls missing, and is explained as that', async () => {
    expect(await why(['--token', '-'])).toMatchObject({ code: 1, stdout: expect.stringContaining('missing token') })
  })
})
