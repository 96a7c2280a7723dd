import { describe, expect, test } from 'vitest'
import { loadFiles } from '../support/files.ts'
import { testMistakes } from './mistakes.ts'
import { complete, environment } from './sets.ts'

const withPolicy = (text: string, more = {}) => ({ ...complete, 'policies/reader.hcl': text, ...more })
const onServer = (server: string) => ({ 'environments/production.yaml': `${environment}server: ${server}\n` })

describe('a policy that the server would refuse is a mistake in its file', () => {
  testMistakes([
    [
      'a capability that is none',
      withPolicy('# why\npath "a" {\n  capabilities = ["list", "raed"]\n}\n'),
      [['invalid-policy policies/reader.hcl:3:27', 'invalid capability "raed"', 'Did you mean "read"?']],
    ],
    [
      'a key that is none',
      withPolicy('path "a" {\n  capabilites = ["read"]\n}\n'),
      [['invalid-policy policies/reader.hcl:2:3', 'invalid key "capabilites"', 'Did you mean "capabilities"?']],
    ],
    [
      'a block that does not end',
      withPolicy('path "a" {\n  policy = "read"\n'),
      [['invalid-policy policies/reader.hcl:3:1', 'a block is not closed', 'Add the missing']],
    ],
    [
      'a duration that is none',
      withPolicy('path "a" {\n  max_wrapping_ttl = "1 hour"\n}\n'),
      [['invalid-policy policies/reader.hcl:2:22', 'unknown unit', '"90s"']],
    ],
    [
      'JSON, too',
      withPolicy('{"path": {\n  "a": {"capabilities": ["reed"]}}}'),
      [['invalid-policy policies/reader.hcl:2:26', 'invalid capability "reed"']],
    ],
    [
      'an escape at which the server crashes',
      withPolicy('path "\\400" {}\n'),
      [['invalid-policy policies/reader.hcl:1:6', 'crashes']],
    ],
    [
      'behind a variable the column is that of the file',
      withPolicy('path "a/${environment}/b" { policy = "${environment}" capabilities = ["reed"] }\n'),
      [['invalid-policy policies/reader.hcl:1:38', 'invalid policy "production"', 'read, write, sudo or deny']],
    ],
    [
      'and behind what stands for ${ itself',
      withPolicy('path "a/$${x}/${environment}" { capabilities = ["reed"] }\n'),
      [['invalid-policy policies/reader.hcl:1:49', 'invalid capability']],
    ],
    [
      'what this product or this version does not take',
      withPolicy('path "a" { capabilities = ["scan"] }', onServer('vault@1.21.0')),
      [['invalid-policy policies/reader.hcl:1:28', '"scan"']],
    ],
    [
      'a key assigned twice, where the server is a Vault of 1.21',
      withPolicy('path "a" { policy = "read" policy = "write" }', onServer('vault@1.21.0')),
      [['invalid-policy policies/reader.hcl:1:28', 'assigned twice']],
    ],
  ])

  test.each([
    ['whatever one of the products takes, where nobody says which it is', {}],
    ['whatever OpenBao takes, on OpenBao', onServer('openbao@2.6.1')],
  ])('but not %s', async (_name, more) => {
    const text = 'path "a" { capabilities = ["scan"] comment = "1" comment = "2" }'
    expect((await loadFiles(withPolicy(text, more))).diagnostics).toEqual([])
  })

  test('shows who uses the policy', async () => {
    const { diagnostics } = await loadFiles(withPolicy('path "a" { policy = "reed" }'))
    expect(diagnostics[0]?.related).toEqual([
      { message: 'used here', source: { file: 'roles/app.yaml', line: 6, column: 18 } },
    ])
    expect(diagnostics[0]).toMatchObject({ length: '"reed"'.length })
  })
})
