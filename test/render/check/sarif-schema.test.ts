import { expect, test } from 'vitest'
import * as z from 'zod'
import { checkFormats } from '../../../src/render/check/index.ts'
import type { CheckReport } from '../../../src/render/check/report.ts'

/**
 * What the schema of SARIF 2.1.0 says about the properties that are used here (OASIS, sarif-schema-2.1.0.json): it allows
 * no others, lines and columns begin with 1, and a reader stops at the first thing that does not fit.
 */
const text = z.strictObject({ text: z.string().min(1) })
const level = z.enum(['none', 'note', 'warning', 'error'])
const place = z.strictObject({
  artifactLocation: z.strictObject({ uri: z.string().regex(/^(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$/) }),
  region: z.strictObject({
    startLine: z.int().min(1),
    startColumn: z.int().min(1),
    endColumn: z.int().min(1).optional(),
  }),
})
const rule = z.strictObject({
  id: z.string(),
  shortDescription: text,
  fullDescription: text.optional(),
  help: text.optional(),
  defaultConfiguration: z.strictObject({ level }),
})
const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.int().min(0),
  level,
  message: text,
  locations: z.array(z.strictObject({ physicalLocation: place })),
  relatedLocations: z.array(z.strictObject({ physicalLocation: place, message: text })).optional(),
  partialFingerprints: z.record(z.string(), z.string()),
  suppressions: z
    .array(
      z.strictObject({
        kind: z.enum(['inSource', 'external']),
        status: z.literal('accepted'),
        justification: z.string(),
      }),
    )
    .optional(),
})
const log = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({ name: z.string(), version: z.string(), rules: z.array(rule) }),
      }),
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']),
      results: z.array(result),
    }),
  ),
})

const source = { file: 'roles/ä b%.yaml', line: 3, column: 5 }
const found = { code: 'GLV09', severity: 'error', message: 'takes any branch', source, length: 4 } as const
const report: CheckReport = {
  diagnostics: [
    { ...found, help: 'Bind it.', why: 'Free.', related: [{ message: 'here as well', source }] },
    { code: 'no-directory', severity: 'warning', message: 'there is none' },
    { ...found, severity: 'info', code: 'unused-policy' },
  ],
  allowed: [{ ...found, reason: 'moves', until: '2027-03-01' }],
  rules: [{ id: 'GLV09', title: 'unprotected', level: 'error', why: 'Free.' }],
  files: [],
  prefix: 'a b/',
  version: '1.2.3',
  fails: () => true,
}

test('a SARIF log has what the schema of 2.1.0 asks for, and nothing that it does not know', async () => {
  const sarif = await (checkFormats['sarif'] as NonNullable<(typeof checkFormats)[string]>)()
  for (const changes of [{}, { diagnostics: [], allowed: [] }]) {
    const parsed = log.safeParse(JSON.parse(sarif({ ...report, ...changes })))
    expect(parsed.error?.issues).toBeUndefined()
  }
})
