import { describe, expect, test } from 'vitest'
import type { AccessPromise, JobPromise } from '../../src/core/promise.ts'
import { type Files, loadFiles, told } from '../support/files.ts'
import { type Mistake, testMistakes } from './mistakes.ts'
import { complete, environment } from './sets.ts'

const withPromises = (...lines: string[]): Files => ({ ...complete, 'test/access/app.yaml': `${lines.join('\n')}\n` })

const granted = '{ name: a, role: app, claims: { project_id: "42" }, login: granted }'

describe('promises', () => {
  const load = async (...lines: string[]) => {
    const configuration = await loadFiles(withPromises(...lines))
    expect(told(configuration)).toEqual([])
    return configuration.promises
  }

  test('a promise about a role has its claims, its paths and their places', async () => {
    const [promise] = await load(
      'promises:',
      '  - name: the app reads',
      '    role: app',
      '    claims: { project_id: "42", aud: null }',
      '    can: { read: [a, b] }',
      '    cannot: { update: c }',
    )
    expect(promise).toMatchObject({
      name: 'the app reads',
      environment: 'production',
      location: { source: { file: 'test/access/app.yaml', line: 2, column: 11 } },
      allowUndecided: false,
      subject: { about: 'job', mount: 'jwt', role: 'app', login: 'granted', claims: { project_id: '42', aud: null } },
    })
    const { can, cannot } = (promise as AccessPromise).subject as JobPromise
    expect(
      [...can, ...cannot].map(({ capability, path, location: { source } }) => [
        capability,
        path,
        source.line,
        source.column,
      ]),
    ).toEqual([
      ['read', 'a', 5, 19],
      ['read', 'b', 5, 22],
      ['update', 'c', 6, 23],
    ])
  })

  test('a set of claims is called by name, extended and narrowed; null takes a claim away in the token, not here', async () => {
    const promises = await load(
      'claims:',
      '  main: { project_id: "42", ref: main, ref_type: branch }',
      '  tag: { extends: main, ref_type: tag }',
      'promises:',
      '  - { name: a, role: app, claims: main, login: granted }',
      '  - { name: b, role: app, claims: { extends: tag, ref: v1, project_id: null }, login: refused }',
    )
    expect(promises.map(({ subject }) => (subject as JobPromise).claims)).toEqual([
      { project_id: '42', ref: 'main', ref_type: 'branch' },
      { project_id: null, ref: 'v1', ref_type: 'tag' },
    ])
  })

  test('variables of each environment are filled in, and an environment is asked only for what is promised of it', async () => {
    const { promises, diagnostics } = await loadFiles({
      ...complete,
      'environments/production.yaml': `${environment}variables: { host: vault, only: here }\n`,
      'environments/staging.yaml': environment.replace('auth:', 'variables: { host: test }\nauth:'),
      'test/access/a.yaml':
        'promises:\n  - { name: "in ${environment}", role: app, claims: { aud: "${host}" }, login: granted }\n' +
        '  - { name: one, environments: [production], role: app, claims: { aud: "${only}" }, login: granted }\n',
    })
    expect(diagnostics).toEqual([])
    expect(
      promises.map(({ environment: at, name, subject }) => [at, name, (subject as JobPromise).claims['aud']]),
    ).toEqual([
      ['production', 'in production', 'vault'],
      ['production', 'one', 'here'],
      ['staging', 'in staging', 'test'],
    ])
  })

  test('promises about all tokens say their claims as values, lists, null and what they are not', async () => {
    const promises = await load(
      'promises:',
      '  - name: never',
      '    allow_undecided: true',
      '    never: { claims: { ref_protected: { not: "true" }, ref: [a, b], environment: null }, can: { read: "x/*" } }',
      '  - { name: whom, admits_only: { claim: project_id, values: "42", roles: jwt/app } }',
      '  - { name: only, only: { roles: [jwt/app], can: { update: [x, y] } } }',
    )
    expect(promises.map(({ subject }) => subject)).toMatchObject([
      {
        about: 'never',
        roles: [],
        claims: { ref_protected: { not: ['true'] }, ref: { values: ['a', 'b'] }, environment: { values: [null] } },
      },
      { about: 'admits_only', claim: 'project_id', values: ['42'], roles: ['jwt/app'] },
      { about: 'only', roles: ['jwt/app'], can: [{ path: 'x' }, { path: 'y' }] },
    ])
    expect(promises.map(({ allowUndecided }) => allowUndecided)).toEqual([true, false, false])
  })

  test('other files beside them are nobody’s business', async () => {
    const files = {
      ...withPromises(`promises: [${granted}]`),
      'test/access/notes.md': '',
      'test/access/deep/a.yaml': 'x',
    }
    expect(told(await loadFiles(files))).toEqual([])
  })

  test('a file called test is nobody’s business either', async () => {
    expect(told(await loadFiles({ ...complete, test: '#!/bin/sh\n' }))).toEqual([])
  })
})

/** What is wrong stands behind the ▸, which is not in the file. */
function mistake(sentence: string, code: string, lines: readonly string[], ...words: string[]): Mistake {
  const [before = '', after = ''] = lines.join('\n').split('▸')
  const above = before.split('\n')
  const place = `test/access/app.yaml:${above.length}:${(above.at(-1) ?? '').length + 1}`
  return [sentence, withPromises(before + after), [[`${code} ${place}`, ...words]]]
}

const one = (inner: string) => ['promises:', `  - ▸{ name: a, ${inner} }`.replace(/▸(.*▸)/, '$1')]
const job = (inner: string) => one(`role: app, claims: { ref: main }, ${inner}`)

describe('mistakes in promises', () => {
  testMistakes([
    mistake('an empty file', 'empty-file', ['']),
    mistake('no promises', 'missing-key', ['▸claims: {}'], '"promises"'),
    mistake(
      'an unknown key of the file',
      'unknown-key',
      ['▸promise: []', `promises: [${granted}]`],
      'Did you mean "promises"?',
    ),
    mistake(
      'an unknown key of a promise',
      'unknown-key',
      job('login: granted, ▸cannnot: { read: a }'),
      'Did you mean "cannot"?',
    ),
    mistake('a capability that is none', 'unknown-key', job('can: { ▸raed: a }'), 'Did you mean "read"?'),
    mistake('no capability', 'invalid-value', job('can: ▸{}'), 'such as read'),
    mistake('a path from the root', 'invalid-value', job('can: { read: ▸/a }'), 'without /v1/'),
    mistake('a * before the end', 'invalid-value', job('can: { read: [b, ▸"a*b"] }'), 'a + between slashes'),
    mistake('a promise of nothing', 'invalid-value', one('role: app, claims: {}'), 'needs "login", "can" or "cannot"'),
    mistake('a promise without claims', 'invalid-value', one('role: app, login: granted'), 'needs "claims"'),
    mistake('a promise about nobody', 'invalid-value', one('allow_undecided: true'), 'role, never, admits_only, only'),
    mistake(
      'two promises in one',
      'invalid-value',
      one('never: { can: { read: a } }, only: ▸{ roles: b, can: { read: a } }'),
      'cannot stand beside "never"',
    ),
    mistake(
      'claims beside a promise about all tokens',
      'invalid-value',
      one('never: { can: { read: a } }, claims: ▸{ ref: a }'),
      'belongs to a promise about a role',
    ),
    mistake(
      'paths after a refused login',
      'invalid-value',
      job('login: refused, cannot: ▸{ read: a }'),
      'gives no token',
    ),
    mistake('a login that is neither', 'invalid-value', job('login: ▸denied'), '"refused"'),
    mistake(
      'an unknown set of claims',
      'unknown-claims',
      ['claims: { main: {} }', ...one('role: app, claims: ▸mian, login: granted')],
      'Did you mean "main"?',
    ),
    mistake(
      'sets that extend each other',
      'claims-cycle',
      [
        'claims: { a: { extends: b }, b: { extends: ▸a } }',
        'promises:',
        '  - { name: a, role: app, claims: a, login: granted }',
      ],
      'a → b → a',
    ),
    mistake(
      'a constraint that is a map',
      'wrong-type',
      one('never: { claims: { ref: ▸{ is: a } }, can: { read: a } }'),
      'never.claims.ref',
    ),
    mistake(
      'an unknown environment',
      'unknown-environment',
      one('environments: [▸prod], role: app, claims: {}, login: granted'),
      'production',
    ),
    mistake(
      'an unknown variable',
      'unknown-variable',
      one('role: app, claims: { aud: ▸"${vault}" }, login: granted'),
      '"vault"',
    ),
    mistake(
      'two promises of one name',
      'duplicate-promise',
      [`promises: [${granted}, ${granted.replace('name: ', 'name: ▸')}]`],
      '"a"',
    ),
    mistake(
      'a number where GitLab has a string',
      'claim-type',
      one('role: app, claims: { project_id: ▸42 }, login: granted'),
      'a string',
    ),
    mistake(
      'a claim that GitLab does not have',
      'unknown-claim',
      one('never: { claims: { ▸ref_protectd: "true" }, can: { read: a } }'),
      'Did you mean "ref_protected"?',
    ),
    mistake(
      'two documents',
      'several-documents',
      [`promises: [${granted}]`, '---', '▸promises: []'],
      'one YAML document',
    ),
  ])
})
