import { describe, expect, test } from 'vitest'
import { desiredOf, environmentOf, type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment, role } from './sets.ts'

const withVariables = (variables: string, more: Files = {}): Files => ({
  ...complete,
  'environments/production.yaml': `variables: ${variables}\n${environment}`,
  ...more,
})
/** The role with a `bound_subject` on line 9. */
const subject = (text: string): Files => ({ 'roles/app.yaml': `${role}bound_subject: ${text}\n` })
const subjectOf = async (files: Files, env = {}) =>
  desiredOf(await loadFiles(files, { env }), 'jwt-role/jwt/app').spec['bound_subject']

/** Forty variables from line 2 on, each made of the one before. */
function doubling(twice: (name: string) => string, first: string): string {
  const lines = Array.from({ length: 40 }, (_, index) => `  v${index}: ${index === 0 ? first : twice(`v${index - 1}`)}`)
  return `\n${lines.join('\n')}`
}

/** Each variable refers to the next; the last is a text. */
function chain(length: number, reversed = false): string {
  const lines = Array.from(
    { length },
    (_, index) => `  v${index}: ${index === length - 1 ? 'x' : `"\${v${index + 1}}"`}`,
  )
  return `\n${(reversed ? lines.reverse() : lines).join('\n')}`
}

describe('variables', () => {
  test('a variable of the environment is filled into text', async () => {
    expect(await subjectOf(withVariables('{ group: ops }', subject('"a/${group}/b"')))).toBe('a/ops/b')
  })

  test('${environment} is built in', async () => {
    expect(await subjectOf({ ...complete, ...subject('"${environment}-x"') })).toBe('production-x')
  })

  test('variables may refer to each other, in any order', async () => {
    const variables = '{ a: "${b}/a", b: "${c}/b", c: "${environment}" }'
    expect(await subjectOf(withVariables(variables, subject('"${a}"')))).toBe('production/b/a')
  })

  test('$${ is a ${ of the text itself, and $ alone is nothing special', async () => {
    expect(await subjectOf({ ...complete, ...subject('"$${environment} $5 $"') })).toBe('${environment} $5 $')
  })

  test('what a variable holds is not filled in again', async () => {
    expect(await subjectOf(withVariables('{ a: "$${environment}" }', subject('"${a}"')))).toBe('${environment}')
  })

  test('numbers and booleans stand in text as they are', async () => {
    expect(await subjectOf(withVariables('{ a: 7, b: true }', subject('"${a}-${b}"')))).toBe('7-true')
  })

  test('a value that is only a variable takes its value, whatever the type', async () => {
    const files = withVariables('{ claims: { project_id: ["1", "2"] }, uses: 3 }', {
      'roles/app.yaml': `${role.replace('{ project_id: "42" }', '${claims}')}token_num_uses: \${uses}\n`,
    })
    const { spec } = desiredOf(await loadFiles(files), 'jwt-role/jwt/app')
    expect(spec).toMatchObject({ bound_claims: { project_id: ['1', '2'] }, token_num_uses: 3 })
  })

  test('address and namespace are filled in', async () => {
    const file = `address: "https://\${host}"\nnamespace: "\${environment}/a"\nvariables: { host: v.example.com }\n`
    const configuration = await loadFiles({ ...complete, 'environments/production.yaml': file + environment })
    expect(environmentOf(configuration)).toMatchObject({ address: 'https://v.example.com', namespace: 'production/a' })
  })

  test('${env:NAME} is read where vaultwright.yaml allows it', async () => {
    const files = { ...complete, ...subject('"x-${env:CI_NAME}"'), 'vaultwright.yaml': 'env: [CI_NAME]\n' }
    expect(await subjectOf(files, { CI_NAME: 'abc' })).toBe('x-abc')
  })

  testMistakes([
    [
      'an unknown variable says what it may have meant and where to define it',
      withVariables('{ gitlab: x }', subject('"${gitlib}"')),
      [['unknown-variable roles/app.yaml:9:16', '"gitlib"', 'Did you mean "gitlab"?', 'environments/production.yaml']],
    ],
    [
      'every unknown variable of a text is reported',
      { ...complete, ...subject('"${one} ${two}"') },
      [
        ['unknown-variable roles/app.yaml:9:16', '"one"'],
        ['unknown-variable roles/app.yaml:9:16', '"two"'],
      ],
    ],
    [
      'a ${ without an end',
      { ...complete, ...subject('"a ${environment"') },
      [['invalid-substitution roles/app.yaml:9:16', 'not closed', '$${']],
    ],
    [
      'something in ${ } that is no name',
      { ...complete, ...subject('"${a.b}"') },
      [['invalid-substitution roles/app.yaml:9:16', '${a.b}', 'names no variable']],
    ],
    [
      'a list cannot stand inside a text',
      withVariables('{ list: [a] }', subject('"x${list}"')),
      [['wrong-type roles/app.yaml:9:16', 'a list', 'numbers']],
    ],
    [
      'variables in a circle show the circle',
      withVariables('\n  a: "${b}"\n  b: "${c}"\n  c: "x${a}"', subject('"${a}"')),
      [['variable-cycle environments/production.yaml:2:6', 'a → b → c → a']],
    ],
    [
      'a variable that is itself',
      withVariables('{ a: "${a}" }'),
      [['variable-cycle environments/production.yaml:1:17', 'a → a']],
    ],
    ...(['', '~'] as const).map(
      (nothing) =>
        [
          `a variable that is nothing ("${nothing}") is a value like any other, not a reason to leave the role out`,
          withVariables(`{ ttl: ${nothing} }`, { 'roles/app.yaml': role.replace('5m', '${ttl}') }),
          [['wrong-type roles/app.yaml:7:12', 'token_ttl', 'got nothing']],
        ] as const,
    ),
    [
      'nothing inside a list and a map is told as well',
      withVariables('{ none: }', {
        'roles/app.yaml': role.replace('"42"', '"${none}"').replace('[https://vault.example.com]', '["${none}"]'),
      }),
      [
        ['wrong-type roles/app.yaml:4:19', 'bound_audiences', 'got nothing'],
        ['wrong-type roles/app.yaml:5:29', 'bound_claims.project_id', 'got nothing'],
      ],
    ],
    [
      'no policies by way of a variable is not a wish for a generated policy',
      withVariables('{ none: }', {
        'roles/app.yaml': `${role.replace('[reader]', '${none}')}secrets: { A: { mount: a, path: b, field: c } }\n`,
        'policies/reader.hcl': undefined,
      }),
      [['wrong-type roles/app.yaml:6:17', 'token_policies', 'got nothing']],
    ],
    [
      'keys are not filled in, and say so',
      { ...complete, 'roles/app.yaml': role.replace('project_id: "42"', '"${environment}": x') },
      [['variable-in-key roles/app.yaml:5:17', '"${environment}"']],
    ],
    [
      'a mount cannot be named by a variable',
      {
        ...complete,
        'environments/production.yaml': environment.replace('jwt:', '"${m}":'),
        'roles/app.yaml': undefined,
        'policies/reader.hcl': undefined,
      },
      [['variable-in-key environments/production.yaml:2:3', '"${m}"']],
    ],
    [
      'texts that double with every line stop before the memory does',
      withVariables(doubling((name) => `"\${${name}}\${${name}}"`, '"0123456789"')),
      [['too-large environments/production.yaml:24:8', '64 million']],
    ],
    [
      'so do lists',
      withVariables(doubling((name) => `["\${${name}}", "\${${name}}"]`, '[x]')),
      [['too-large environments/production.yaml:21:8', '2 million']],
    ],
    ['a chain of a thousand variables is fine', withVariables(chain(1000)), []],
    [
      'a longer one is not, from its end',
      withVariables(chain(4000)),
      [['too-large environments/production.yaml:1002:10', '1000']],
    ],
    [
      'nor from its beginning',
      withVariables(chain(4000, true)),
      [['too-large environments/production.yaml:1002:10', '1000']],
    ],
    [
      'a mistake in a variable shows although nobody uses it',
      withVariables('{ a: "${nothing}" }'),
      [['unknown-variable environments/production.yaml:1:17', '"nothing"']],
    ],
    [
      'the built-in variable cannot be defined anew',
      withVariables('{ environment: x }'),
      [['invalid-name environments/production.yaml:1:14', 'built in']],
    ],
    [
      'a variable whose name cannot be written in ${ }',
      withVariables('{ "a b": x }'),
      [['invalid-name environments/production.yaml:1:14', '"a b"']],
    ],
    [
      '${env:NAME} needs permission',
      { ...complete, ...subject('"${env:HOME}"') },
      [['env-not-allowed roles/app.yaml:9:16', 'HOME', 'env: [HOME]']],
      { env: { HOME: '/home/somebody' } },
    ],
    [
      '${env:NAME} that is not set says which and where',
      { ...complete, ...subject('"${env:CI_NAME}"'), 'vaultwright.yaml': 'env: [CI_NAME]\n' },
      [['env-unset roles/app.yaml:9:16', 'CI_NAME is not set']],
    ],
    [
      'a wrong value from a variable is reported where it is used',
      withVariables('{ ttl: soon }', { 'roles/app.yaml': role.replace('5m', '${ttl}') }),
      [['invalid-value roles/app.yaml:7:12', 'token_ttl', 'duration']],
    ],
  ])

  test('a value from the environment of the run is in no message', async () => {
    const files = {
      ...complete,
      'vaultwright.yaml': 'env: [LONG, TINY]\n',
      'roles/app.yaml': role
        .replace('[reader]', '["${env:LONG}-policy", "${env:TINY}"]')
        .concat('name: "${env:LONG} x"\n'),
    }
    const configuration = await loadFiles(files, { env: { LONG: 'hidden-value', TINY: 'q7' } })
    const lines = told(configuration).join('\n')
    expect(lines).toContain('unknown-policy roles/app.yaml:6:18 no file describes the policy "${env:LONG}-policy"')
    expect(lines).toContain('"${env:TINY}"')
    expect(lines).toContain('invalid-name roles/app.yaml:9:7')
    expect(JSON.stringify(configuration.diagnostics)).not.toMatch(/hidden-value|q7/)
  })

  test('only the environments in which it is unknown are named', async () => {
    const configuration = await loadFiles({
      ...withVariables('{ a: x }', subject('"${a}"')),
      'environments/staging.yaml': environment.replace('jwt:', 'jwt2:'),
      'environments/testing.yaml': environment.replace('jwt:', 'jwt3:'),
      'roles/app.yaml': `${role.replace('[production]', '[production, staging, testing]')}bound_subject: "\${a}\${b}"\n`,
    })
    expect(told(configuration).map((line) => line.replace(/ \| .*/, ''))).toEqual([
      'unknown-variable roles/app.yaml:9:16 no variable is called "a" (in staging, testing)',
      'unknown-variable roles/app.yaml:9:16 no variable is called "b"',
    ])
  })
})
