import { expect, test } from 'vitest'
import { readGitlabVariables } from '../../src/config/gitlab-variables.ts'

test("variables of all jobs, of jobs and of their rules are found, in both of GitLab's spellings", () => {
  const text = `
variables:
  A: one
  B: { value: two, description: chosen by hand }
  C: 012
.template: { variables: { D: four } }
build:
  variables: { E: !reference [.template, variables, D] }
  rules:
    - if: $CI_COMMIT_BRANCH
      variables: { F: six }
`
  expect(readGitlabVariables(text)?.variables).toEqual([
    { key: 'A', value: 'one' },
    { key: 'B', value: 'two' },
    { key: 'C', value: '012' },
    { key: 'D', value: 'four', job: '.template' },
    { key: 'F', value: 'six', job: 'build' },
  ])
})

test('secrets are found in short and long form, with the mount that the short one implies', () => {
  const text = `
deploy:
  extends: [.a, .b]
  secrets:
    A: { vault: production/db/password@ops }
    B: { vault: production/db/password }
    C: { vault: { engine: { name: kv-v2, path: ops }, path: a/b, field: c } }
    D: { azure_key_vault: { name: x } }
`
  const found = readGitlabVariables(text)
  expect(found?.secrets).toEqual([
    { job: 'deploy', key: 'A', mount: 'ops', path: 'production/db', field: 'password' },
    { job: 'deploy', key: 'B', mount: 'kv-v2', path: 'production/db', field: 'password' },
    { job: 'deploy', key: 'C', mount: 'ops', path: 'a/b', field: 'c' },
  ])
  expect(found?.extends.get('deploy')).toEqual(['.a', '.b'])
})

test('anchors and merge keys are followed, also one that merges itself', () => {
  const text =
    '.base: &base\n  variables: { A: one }\nbuild:\n  <<: [*base]\ntest: { variables: { B: &b two, C: *b } }\n'
  expect(readGitlabVariables(text)?.variables).toEqual([
    { key: 'A', value: 'one', job: '.base' },
    { key: 'A', value: 'one', job: 'build' },
    { key: 'B', value: 'two', job: 'test' },
    { key: 'C', value: 'two', job: 'test' },
  ])
  expect(readGitlabVariables('a: &a\n  <<: *a\n  variables: { A: x }\n')?.variables).toContainEqual({
    key: 'A',
    value: 'x',
    job: 'a',
  })
})

test('what is no YAML is nothing, and nobody is told its words', () => {
  expect(readGitlabVariables('a: [canary')).toBeUndefined()
})
