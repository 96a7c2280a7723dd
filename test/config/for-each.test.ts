import { describe, expect, test } from 'vitest'
import { type Files, loadFiles, told } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, role } from './sets.ts'

const each = (entries: string, rest = role): Files => ({
  ...complete,
  'roles/app.yaml': `for_each: { file: projects.yaml }\n${rest}`,
  'projects.yaml': entries,
})
const named = `name: "\${project}"\n${role.replace('"42"', '"${id}"')}`
const projects = (count: number) =>
  Array.from({ length: count }, (_, index) => `- { project: p${index}, id: "${index}" }\n`).join('')

describe('for_each', () => {
  test('a variable that an entry lacks shows the entry', async () => {
    const { diagnostics } = await loadFiles(each('- { project: a, id: "1" }\n- { project: b }\n', named))
    expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-variable'])
    expect(diagnostics[0]?.source).toMatchObject({ file: 'roles/app.yaml', line: 7 })
    expect(diagnostics[0]?.related?.map(({ source }) => source)).toEqual([
      { file: 'projects.yaml', line: 2, column: 3 },
    ])
  })

  test('a mistake in a policy shows the entry as well as who uses the policy', async () => {
    const text = named.replace('[reader]', '[{ name: "${project}-read", template: reader }]')
    const { diagnostics } = await loadFiles({
      ...each('- { project: a, id: "1" }\n', text),
      'policies/reader.hcl': 'path "a/${team}" {}\n',
    })
    const related = diagnostics[0]?.related?.map(({ source }) => source.file)
    expect(related).toEqual(['roles/app.yaml', 'projects.yaml'])
  })

  test('an entry whose variable is nothing is told, and not left out', async () => {
    const lines = told(await loadFiles(each('- { project: x, id: }\n', named)))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('wrong-type roles/app.yaml:7:29 bound_claims.project_id')
    expect(lines[0]).toContain('got nothing')
  })

  testMistakes([
    [
      'three hundred roles without a name are one mistake',
      each(projects(300), role.replace('"42"', '"${id}"')),
      [['conflict roles/app.yaml:1:1', 'every entry', '"app"', '${project}']],
    ],
    [
      'a name that is the same for every entry is one mistake',
      each(projects(300), named.replace('"${project}"', 'x-${environment}')),
      [['conflict roles/app.yaml:2:7', 'every entry', '"x-${environment}"']],
    ],
    ['one entry needs no name', each(projects(1), role.replace('"42"', '"${id}"')), []],
    [
      'an empty list is pointed out',
      each('[]\n'),
      [['unused-policy policies/reader.hcl:1:1'], ['empty-for-each projects.yaml:1:1', 'no role']],
    ],
  ])
})
