import { describe } from 'vitest'
import type { Files } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

/** The override stands on line 8, from column 29 on. */
const overridden = (override: string, claims = '{ project_id: "42" }'): Files => ({
  ...complete,
  'environments/production.yaml': `variables: { claims: { project_id: "42" } }\n${environment}`,
  'roles/app.yaml': `${role
    .replace('environments: [production]\n', '')
    .replace('{ project_id: "42" }', claims)}environments: { production: ${override} }\n`,
})

describe('overrides', () => {
  testMistakes([
    [
      'a map over a text would lose the keys that the text stands for',
      overridden('{ bound_claims: { environment: production } }', '${claims}'),
      [['invalid-value roles/app.yaml:8:45', 'bound_claims', 'a map cannot be merged over a text']],
    ],
    ['a map over a text that no variable fills in replaces it', overridden('{ bound_claims: { a: b } }', 'text'), []],
    [
      'null for a field that there is not',
      overridden('{ token_no_default_polcy: null }'),
      [['unknown-key roles/app.yaml:8:31', 'token_no_default_polcy', 'Did you mean "token_no_default_policy"?']],
    ],
    [
      'null for a field that the role does not have',
      overridden('{ token_period: null }'),
      [['removes-nothing roles/app.yaml:8:31', '"token_period"']],
    ],
    [
      'null for a claim that the role does not have',
      overridden('{ bound_claims: { project_di: null } }'),
      [['removes-nothing roles/app.yaml:8:47', '"bound_claims.project_di"', 'Did you mean "project_id"?']],
    ],
    ['null for what is there says nothing', overridden('{ token_ttl: null }'), []],
  ])
})
