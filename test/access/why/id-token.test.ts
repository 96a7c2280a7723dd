import { describe, expect, test } from 'vitest'
import { isIdToken, readIdToken } from '../../../src/access/why/id-token.ts'

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const token = [part({ alg: 'RS256', kid: 'k' }), part({ project_path: 'grüße/p', exp: 1 }), 'c2lnbmF0dXJl'].join('.')

test('header and claims come out as they went in, white space around the token or not', () => {
  for (const text of [token, `\n  ${token}\r\n`])
    expect(readIdToken(text)).toEqual({
      header: { alg: 'RS256', kid: 'k' },
      claims: { project_path: 'grüße/p', exp: 1 },
    })
})

describe('what is no token', () => {
  test.each([
    ['an empty text', '', /is empty/],
    ['white space', ' \n', /is empty/],
    ['a variable that was not filled in', '$SOME_OTHER_TOKEN', /name of a variable/],
    ['claims', '{"iss":"x"}', /this is JSON/],
    ['a masked value', '[MASKED]', /masked/],
    ['a token of the server', `hvs.${'x'.repeat(24)}`, /token of the server/],
    ['an access token', 'glpat-xxxxxxxxxxxxxxxxxxxx', /access token of GitLab/],
    ['two parts', 'a.b', /three parts/],
    ['parts that are no JSON', 'aaaa.bbbb.cccc', /three parts/],
    ['a list instead of claims', `${part({})}.${part([])}.x`, /three parts/],
    ['a number instead of claims', `${part({})}.${part(1)}.x`, /three parts/],
  ])('%s is said to be that, and is not quoted', (_, text, message) => {
    const read = readIdToken(text)
    if (isIdToken(read)) throw new Error('taken for a token')
    expect(read.message).toMatch(message)
    if (text.length > 8) expect(read.message + read.help).not.toContain(text)
  })
})
