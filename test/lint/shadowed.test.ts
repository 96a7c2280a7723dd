import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildAcl } from '../../src/access/acl/acl.ts'
import { findRule } from '../../src/access/acl/find.ts'
import { parsePolicy } from '../../src/access/policy/parse.ts'
import { assumedServer } from '../../src/core/version.ts'
import { policyShadowed } from '../../src/lint/rules/policy-shadowed.ts'
import { subjectOf } from './glv.ts'

const names = ['a', 'b', 'ab', '']

/** Every path of up to four segments. */
const paths = [1, 2, 3, 4].flatMap((length) =>
  Array.from({ length: names.length ** length }, (_, number) =>
    Array.from({ length }, (_, at) => names[Math.floor(number / names.length ** at) % names.length]).join('/'),
  ),
)

const pattern = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', '+'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '*', '/*', '/a*'),
  )
  .map(([segments, end]) => segments.join('/') + end)
  .filter((path) => !path.includes('+*'))

test('what VWP09 calls dead decides no path at all', () => {
  let dead = 0
  fc.assert(
    fc.property(fc.uniqueArray(pattern, { minLength: 2, maxLength: 6 }), (patterns) => {
      const text = patterns.map((path) => `path "${path}" { capabilities = ["read"] }`).join('\n')
      const findings = [...policyShadowed.check(subjectOf({ policies: { app: text } }))]
      const parsed = parsePolicy('app', text, assumedServer)
      if (!('policy' in parsed)) throw new Error(`not a policy: ${text}`)
      const acl = buildAcl([parsed.policy], assumedServer)
      const deciding = new Set(paths.map((path) => findRule(acl, path, false)?.from[0]?.rule.position.line))
      dead += findings.length
      for (const { position } of findings) expect([text, deciding.has(position?.line)]).toEqual([text, false])
    }),
    { numRuns: 500 },
  )
  expect(dead).toBeGreaterThan(20)
})
