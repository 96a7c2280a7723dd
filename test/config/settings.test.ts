import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { jsonSchemas } from '../../src/config/schema.ts'
import { kinds } from '../../src/kinds/index.ts'
import { loadFiles, told } from '../support/files.ts'
import { complete } from './sets.ts'

const load = (settings: string) => loadFiles({ ...complete, 'vaultwright.yaml': settings })
const exception = '{ rule: GLV11, object: "jwt-role/jwt/*", reason: moves soon, until: 2027-03-01 }'

describe('settings of GitLab and lint', () => {
  test('are what they say', async () => {
    const { settings, diagnostics } = await load(
      [
        'gitlab: { edition: premium, version: "18.4" }',
        'lint:',
        '  levels: { GLV09: "off", VWP15: error }',
        '  administrators: [platform-*]',
        '  exceptions:',
        `    - ${exception.replace(' }', ', environment: production }')}`,
        '',
      ].join('\n'),
    )
    expect(diagnostics).toEqual([])
    expect(settings).toMatchObject({
      gitlab: { edition: 'premium', version: '18.4' },
      lint: {
        levels: { GLV09: 'off', VWP15: 'error' },
        administrators: ['platform-*'],
        exceptions: [
          {
            rule: 'GLV11',
            object: 'jwt-role/jwt/*',
            environment: 'production',
            reason: 'moves soon',
            until: '2027-03-01',
            location: { source: { file: 'vaultwright.yaml', line: 6, column: 15 } },
          },
        ],
      },
    })
  })

  test('are empty where nobody says anything, and the program may administer with its own policies', async () => {
    const { settings } = await loadFiles(complete)
    expect(settings).toMatchObject({
      gitlab: {},
      lint: { levels: {}, exceptions: [], administrators: ['vaultwright-*'] },
    })
  })

  test.each([
    [
      'gitlab: { edition: gold }',
      'invalid-value vaultwright.yaml:1:20 gitlab.edition: expected one of free, premium, ultimate',
    ],
    ['gitlab: { version: 18.4 }', 'wrong-type vaultwright.yaml:1:20 gitlab.version: expected a string, got a number'],
    [
      'gitlab: { version: "18" }',
      'invalid-value vaultwright.yaml:1:20 gitlab.version: must be a version in quotes, such as "18.4"',
    ],
    [
      'lint: { levels: { GLV9: error } }',
      'unknown-key vaultwright.yaml:1:19 unknown key "GLV9" in lint.levels | Did you mean "GLV09"?',
    ],
    [
      'lint: { levels: { GLV09: warn } }',
      'invalid-value vaultwright.yaml:1:26 lint.levels.GLV09: expected one of off, info, warning, error | Did you mean "warning"?',
    ],
    [
      `lint: { exceptions: [${exception.replace('GLV11', 'GLW11')}] }`,
      'invalid-value vaultwright.yaml:1:30 lint.exceptions.0.rule: expected one of ',
    ],
    [
      `lint: { exceptions: [${exception.replace('reason: moves soon, ', '')}] }`,
      'missing-key vaultwright.yaml:1:22 the key "reason" is missing in lint.exceptions.0',
    ],
    [
      `lint: { exceptions: [${exception.replace('moves soon', '" "')}] }`,
      'invalid-value vaultwright.yaml:1:71 lint.exceptions.0.reason: must say why',
    ],
    [
      `lint: { exceptions: [${exception.replace('03-01', '02-30')}] }`,
      'invalid-value vaultwright.yaml:1:90 lint.exceptions.0.until: must be a date such as 2027-03-01',
    ],
    [
      'lint: { exception: [] }',
      'unknown-key vaultwright.yaml:1:9 unknown key "exception" in lint | Did you mean "exceptions"?',
    ],
  ])('%s is an error', async (settings, message) => {
    const [first, ...rest] = told(await load(`${settings}\n`))
    expect(first).toContain(message)
    expect(rest).toEqual([])
  })

  test('an unknown rule comes with the one that was meant', async () => {
    const [first] = told(await load(`lint: { exceptions: [${exception.replace('GLV11', 'GVL11')}] }\n`))
    expect(first).toContain('Did you mean "GLV11"?')
  })
})

describe('the JSON Schema of the settings', () => {
  const schema = z.fromJSONSchema(jsonSchemas(kinds).settings as Parameters<typeof z.fromJSONSchema>[0])
  const accepts = (text: string) => schema.safeParse(parse(text)).success

  test.each([
    'gitlab: { edition: free }',
    'lint: { levels: { GLV09: error, VWP01: "off" }, administrators: [a] }',
    `lint: { exceptions: [${exception}] }`,
  ])('takes %s', (text) => {
    expect(accepts(text)).toBe(true)
  })

  test.each([
    'gitlab: { tier: free }',
    'lint: { levels: { GLV99: error } }',
    'lint: { levels: { GLV09: fatal } }',
    'lint: { exceptions: [{ rule: GLV11, object: a, reason: b }] }',
    `lint: { exceptions: [${exception.replace('GLV11', 'GLV99')}] }`,
  ])('does not take %s', (text) => {
    expect(accepts(text)).toBe(false)
  })
})
