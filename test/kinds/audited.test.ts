import { describe, expect, test } from 'vitest'
import type { Identity } from '../../src/core/resource.ts'
import { kinds } from '../../src/kinds/index.ts'

/** All that any kind says about a path. */
function objectsAt(path: string): string[] {
  return kinds.flatMap(({ audited }) => audited?.objectAt(path)?.address ?? [])
}

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (_name, kind) => {
  test.each([[['jwt', 'ci-deploy']], [['team/jwt', 'a.b']], [['Mixed', 'Case']]])(
    'is found at its own path: %j',
    (names) => {
      const object: Identity = kind.identify(...names)
      expect(kind.audited?.objectAt(object.path)).toEqual(object)
      expect(kind.audited?.objectAt(`${object.path}/`)).toEqual(object)
      expect(objectsAt(object.path)).toEqual([object.address])
    },
  )

  test('is found at no path of something else', () => {
    const others = [
      'auth/token/create',
      'auth/jwt/login',
      'sys/mounts/jwt',
      'sys/remount',
      'secret/data/sys/policy/x',
      'sys/auth',
      'sys/policies/acl/',
      'sys/audit/file',
      'sys/policies/password/ci',
      'auth/jwt/role/',
      'auth/approle/role/ci/secret-id',
    ]
    expect(others.flatMap((path) => kind.audited?.objectAt(path)?.address ?? [])).toEqual([])
  })
})

test.each([
  ['sys/policy/CI', 'policy/ci'],
  ['sys/policies/acl/team/ci', 'policy/team/ci'],
  ['auth/team/jwt/role/CI', 'jwt-role/team/jwt/ci'],
  ['sys/auth/team/jwt/tune', 'auth-mount/team/jwt'],
  ['sys/mounts/auth/jwt/tune', 'auth-mount/jwt'],
])('%s is about %s', (path, address) => {
  expect(objectsAt(path)).toEqual([address])
})
