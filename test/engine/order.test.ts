import { expect, test } from 'vitest'
import { owns } from '../../src/engine/ownership.ts'
import { kinds } from '../../src/kinds/index.ts'
import { jwtRole } from '../../src/kinds/jwt-role.ts'
import { policy } from '../../src/kinds/policy.ts'

test('the table of kinds lists each behind what it is written after', () => {
  for (const [index, { name, after, parent }] of kinds.entries()) {
    const before = kinds.slice(0, index).map((kind) => kind.name)
    expect(before, `what must be listed before ${name}`).toEqual(
      expect.arrayContaining([...after, ...(parent === undefined ? [] : [parent])]),
    )
  }
})

test.each([
  ['ci-*', 'ci-a', true],
  ['ci-*', 'ci-team/a', true],
  ['ci-*', 'xci-a', false],
  ['*', 'anything', true],
  ['a.b', 'axb', false],
  ['*-read', 'nexus-read', true],
])('a policy owned as %j and called %j: %s', (name, called, owned) => {
  expect(owns([{ kind: 'policy', name }], policy.identify(called))).toBe(owned)
})

test('a rule for the roles of one mount says nothing of another mount, even one below it', () => {
  const rules = [{ kind: 'jwt-role', parent: jwtRole.identify('jwt', 'x').parent as never, name: '*' }]
  expect(owns(rules, jwtRole.identify('jwt', 'ci'))).toBe(true)
  expect(owns(rules, jwtRole.identify('jwt/b', 'ci'))).toBe(false)
  expect(owns(rules, policy.identify('jwt/ci'))).toBe(false)
})
