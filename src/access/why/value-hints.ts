import { matchesGlob } from '../../core/glob.ts'
import type { JsonValue } from '../../core/json.ts'
import { actualOf, expectedOf, expectedTexts, type HintRule, quoted } from './hint.ts'

const claims = ['bound_claims'] as const

/** Values that look right and are not: another type, or a pattern of another language (vault-plugin-auth-jwt claims.go). */
export const valueHints: readonly HintRule[] = [
  {
    id: 'regex',
    checks: claims,
    when(check) {
      const regex = expectedTexts(check).find(looksLikeRegex)
      if (regex === undefined) return undefined
      const rule =
        check.comparison === 'glob'
          ? 'in a glob only * stands for other text'
          : 'bound_claims_type string compares letter by letter'
      return `${quoted(regex)} looks like a regular expression, and ${rule}. Write the values themselves, or a glob such as "release-*" with bound_claims_type: glob.`
    },
  },
  {
    id: 'glob-in-string',
    checks: claims,
    when(check) {
      if (check.comparison === 'glob') return undefined
      const glob = expectedTexts(check).find((text) => text.includes('*') && !looksLikeRegex(text))
      if (glob === undefined) return undefined
      const would = actualOf(check).some((value) => typeof value === 'string' && matchesGlob(glob, value))
      return `With bound_claims_type string, * is a letter like any other${would ? '; as a glob this would match' : ''}. Write bound_claims_type: glob in the role; it then holds for all of its bound_claims.`
    },
  },
  {
    id: 'boolean-for-string',
    checks: claims,
    when: (check) =>
      sameText(
        check,
        'boolean',
        'string',
        (value) =>
          `GitLab's claims are strings: write ${quoted(String(value))}, with quotes; ${value} and "${value}" differ.`,
      ),
  },
  {
    id: 'number-for-string',
    checks: claims,
    when: (check) =>
      sameText(
        check,
        'number',
        'string',
        (value) =>
          `GitLab's IDs are strings: write ${quoted(String(value))}, with quotes; ${value} and "${value}" differ.`,
      ),
  },
  {
    id: 'string-for-number',
    checks: claims,
    when: (check) =>
      sameText(
        check,
        'string',
        'number',
        (value) => `This claim is a number in the token: write ${value}, without quotes, and bound_claims_type string.`,
      ),
  },
  {
    id: 'string-for-boolean',
    checks: claims,
    when: (check) =>
      sameText(
        check,
        'string',
        'boolean',
        (value) => `This claim is a boolean in the token: write ${value}, without quotes.`,
      ),
  },
  {
    id: 'number-in-list',
    checks: claims,
    when: ({ actual }) =>
      Array.isArray(actual) && actual.some((value) => typeof value === 'number')
        ? 'The server never matches a number inside a list claim. Bind another claim.'
        : undefined,
  },
  {
    id: 'list-as-text',
    checks: claims,
    when(check) {
      const list = expectedTexts(check).find((text) => partsOf(text).some((part) => actualOf(check).includes(part)))
      return list === undefined
        ? undefined
        : `${quoted(list)} is one value: bound_claims are not split at commas. Write a list: [${partsOf(list).join(', ')}].`
    },
  },
  {
    id: 'letter-case',
    checks: ['bound_claims', 'sub'],
    when(check) {
      const actual = actualOf(check).filter((value) => typeof value === 'string')
      const near = expectedTexts(check).find((text) =>
        actual.some((value) => value !== text && value.toLowerCase() === text.toLowerCase()),
      )
      return near === undefined ? undefined : 'The two differ in upper and lower case only, and that counts.'
    },
  },
  {
    id: 'white-space',
    checks: ['bound_claims', 'sub', 'aud', 'iss'],
    when(check) {
      const actual = actualOf(check).filter((value) => typeof value === 'string')
      const near = expectedTexts(check).find((text) =>
        actual.some((value) => value !== text && value.trim() === text.trim()),
      )
      return near === undefined ? undefined : 'The two differ in white space around them only, and that counts.'
    },
  },
]

const regexSigns = /^\^|\$$|\.\*|\.\+|\\[dws.]|\[[^\]]+\][*+?]?|\((?:[^)]*\|)[^)]*\)|\(\?/

function looksLikeRegex(text: string): boolean {
  return regexSigns.test(text)
}

/** The hint where an expected value of one type reads like an actual one of another. */
function sameText(
  check: Parameters<HintRule['when']>[0],
  expected: string,
  actual: string,
  say: (value: JsonValue) => string,
): string | undefined {
  const there = actualOf(check).filter((value) => typeof value === actual)
  const found = expectedOf(check).find(
    (value) => typeof value === expected && there.some((other) => String(other) === String(value)),
  )
  return found === undefined ? undefined : say(found)
}

/** What was meant by a list written as one text: `push,web`, `["push","web"]`. */
function partsOf(text: string): readonly string[] {
  const parts = text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part) => part.trim().replace(/^["']|["']$/g, ''))
  return parts.length > 1 || /^\[.*\]$/.test(text) ? parts : []
}
