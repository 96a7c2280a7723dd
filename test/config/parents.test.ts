import { describe } from 'vitest'
import type { Files } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

const inMount = (mount: string, more: Files = {}): Files => ({
  ...complete,
  'roles/app.yaml': `${role}mount: ${mount}\n`,
  ...more,
})

describe('the mount of a role', () => {
  testMistakes([
    [
      'that no file describes is unknown',
      inMount('jwtt'),
      [['unknown-mount roles/app.yaml:9:8', '"jwtt"', 'Did you mean "jwt"?', 'owns: { roles: { jwtt:']],
    ],
    [
      'that owns names is described by somebody else',
      inMount('ci', { 'environments/production.yaml': `${environment}owns: { roles: { ci: [app] } }\n` }),
      [],
    ],
    [
      'can be described by another environment of the same server',
      inMount('ci', { 'environments/staging.yaml': environment.replace('jwt:', 'ci:') }),
      [],
    ],
    [
      'cannot be described by another server',
      inMount('ci', {
        'environments/staging.yaml': `address: https://b.example.com\n${environment.replace('jwt:', 'ci:')}`,
      }),
      [['unknown-mount roles/app.yaml:9:8']],
    ],
    [
      'is anything where no file describes a mount',
      inMount('ci', { 'environments/production.yaml': 'address: https://a.example.com\n' }),
      [],
    ],
    [
      'that is described wrongly is not unknown',
      inMount('ci', { 'environments/production.yaml': `${environment}  ci: { type: jwt, tpe: a }\n` }),
      [['unknown-key environments/production.yaml:5:20']],
    ],
  ])
})
