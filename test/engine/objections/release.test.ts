import { describe, expect, test } from 'vitest'
import { brakes } from '../../../src/engine/objections/index.ts'
import { refuseAllowance } from '../../../src/engine/objections/release.ts'
import { kinds } from '../../../src/kinds/index.ts'

const refuse = (allowed: string) => refuseAllowance(brakes, kinds, allowed)

describe('what --allow takes', () => {
  test.each([
    'delete:auth-mount/jwt',
    'delete:auth-mount/a/b',
    'empty:auth-mount/jwt',
    'share:jwt-role',
    'share:all',
    'touch:policy/default',
    'unbind:jwt-role/jwt/ci',
    'unbind:jwt-role/jwt/ci-*',
    'unbind:jwt-role/jwt/*',
  ])('%s', (allowed) => {
    expect(refuse(allowed)).toBeUndefined()
  })

  test.each([
    ['', 'there is nothing of that name'],
    ['*', 'there is nothing of that name'],
    ['delete', 'there is nothing of that name'],
    ['all:auth-mount/jwt', 'there is nothing of that name'],
    ['delete:auth-mont/jwt', 'did you mean auth-mount?'],
    ['delete:auth-mount', 'it takes the form delete:<address>'],
    ['delete:auth-mount/', 'it takes the form delete:<address>'],
    ['delete:auth-mount/*', 'no *'],
    ['touch:policy/*', 'no *'],
    ['empty:auth-mount/j*', 'no *'],
    ['share:*', 'there is no kind of object called "*"'],
    ['share:jwt-rule', 'did you mean jwt-role?'],
    ['share:jwt-role/jwt', 'it takes the form share:<kind>'],
    ['unbind:*', 'there is no kind of object'],
    ['unbind:jwt-role/*', 'only in the last part'],
    ['unbind:jwt-role/*/ci', 'only in the last part'],
  ])('not "%s"', (allowed, reason) => {
    expect(refuse(allowed)).toContain(reason)
  })
})
