import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTemplate } from '../../src/config/template.ts'
import {
  commonOfTemplates,
  commonTemplate,
  filledIn,
  literalText,
  splitAtWords,
} from '../../src/import/template-text.ts'
import { seed } from '../support/generated.ts'

/** What the loader makes of a template; undefined where it would report a mistake. */
function loaded(template: string, variables: Readonly<Record<string, string>>): string | undefined {
  const { parts, errors } = parseTemplate(template)
  if (errors.length > 0) return undefined
  const texts = parts.map((part) =>
    'text' in part ? part.text : 'variable' in part ? variables[part.variable] : undefined,
  )
  return texts.every((text) => text !== undefined) ? texts.join('') : undefined
}

const piece = fc.constantFrom(
  '$',
  '$$',
  '${',
  '{',
  '}',
  '${a}',
  '$${b}',
  'staging',
  'production',
  'up',
  '-',
  '/',
  'x',
  '\n',
)
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
const environments = new Map([
  ['production', 'production'],
  ['staging', 'staging'],
])

describe('a text as a template', () => {
  test('is for the loader what it was, with every "$" and brace', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(loaded(literalText(value), {})).toBe(value)
      }),
      { seed: seed(), numRuns: 2000 },
    )
  })

  test('for two environments is, where there is one, each text in its environment', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const of = (environment: string) => pieces.map((part) => (part === 'staging' ? environment : part)).join('')
        const texts = new Map([...environments.keys()].map((name) => [name, of(name)]))
        const template = commonTemplate(texts, environments, 'environment')
        if (template === undefined) return
        if (template.includes('${environment}')) found++
        for (const [environment, value] of texts) {
          expect(loaded(template, { environment })).toBe(value)
          expect(filledIn(template, { environment })).toBe(value)
        }
      }),
      { seed: seed(), numRuns: 3000 },
    )
    expect(found).toBeGreaterThan(300)
  })

  test.each([
    ['a name', 'app-staging', 'app-production', 'app-${environment}'],
    [
      'a word that both have stays',
      'staging, not production',
      'production, not production',
      '${environment}, not production',
    ],
    ['inside a longer word it is none', 'upstaging', 'upproduction', undefined],
    ['behind a "$" it would be read as an escape', '$staging', '$production', undefined],
    ['what differs besides', 'staging 1', 'production 2', undefined],
    ['the other environment', 'production', 'staging', undefined],
    ['no difference at all', 'a ${b}', 'a ${b}', 'a $${b}'],
  ])('%s', (_, staging, production, template) => {
    const texts = new Map([
      ['staging', staging],
      ['production', production],
    ])
    expect(commonTemplate(texts, environments, 'environment')).toBe(template)
  })

  test('of many owners holds the word of each, and what is a reference already stays', () => {
    const names = Array.from({ length: 200 }, (_, at) => [String(at), `project-${at}`] as const)
    const texts = new Map(names.map(([owner, name]) => [owner, `ops/\${environment}/${name}/$\${x}`]))
    expect(commonOfTemplates(texts, new Map(names), 'name')).toBe('ops/${environment}/${name}/$${x}')
  })
})

test('one word is found as several are: as a whole word, never twice at one place', () => {
  const words = ['a', 'a-a', 'ab', 'a.']
  const signs = fc.array(fc.constantFrom('a', 'b', '-', '.', 'a-a'), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(signs, fc.constantFrom(...words), (value, word) => {
      expect(splitAtWords(value, [word])).toEqual(splitAtWords(value, [word, '\0never']))
    }),
    { seed: seed(), numRuns: 2000 },
  )
})
