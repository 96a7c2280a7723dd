import { expect, test } from 'vitest'
import { startSandbox } from '../src/sandbox/server.ts'
import { examplesOf, writeExample } from './support/examples.ts'
import { withFiles } from './support/files.ts'
import { vaultwright } from './support/program.ts'

const formats = [
  'report',
  'access-can',
  'access-why',
  'access-matrix',
  'access-diff',
  'access-prove',
  'gitlab-bindings',
  'import',
]

/** The example as what a document must have: other keys may be there as well, and where `…` stands other elements. */
function atLeast(example: unknown): unknown {
  if (Array.isArray(example)) {
    const named = example.filter((element) => element !== '…').map(atLeast)
    return named.length === example.length ? named : expect.arrayContaining(named)
  }
  if (typeof example !== 'object' || example === null) return example
  return expect.objectContaining(
    Object.fromEntries(Object.entries(example).map(([key, value]) => [key, atLeast(value)])),
  )
}

function parsed(example: string): unknown {
  return JSON.parse(example.replace(/^\s*…/gm, '"…"'))
}

test('docs/report.md shows what the program prints for the files of the README', async () => {
  const examples = examplesOf('docs/report.md')
  const shown = examples.filter(({ what }) => what === 'output').map(({ content }) => parsed(content))
  expect(shown.map((document) => (document as { readonly format: string }).format)).toEqual(
    formats.map((format) => `vaultwright-${format}/1`),
  )
  const sandbox = await startSandbox()
  const cwd = withFiles({})
  const env = { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token }
  const files = examplesOf('README.md').filter(({ what }) => what === 'file')
  const changed = files.filter(({ name }, i) => files.findIndex((file) => file.name === name) < i)
  for (const file of files.filter((file) => !changed.includes(file))) {
    writeExample(cwd, file)
    writeExample(`${cwd}/before`, file)
  }
  expect(await vaultwright(['apply', '--auto-approve'], { cwd, env })).toMatchObject({ code: 0 })
  for (const file of changed) writeExample(cwd, file)
  for (const { what, name, content } of examples) {
    if (what === 'file') writeExample(cwd, { what, name, content })
    else {
      const { stdout } = await vaultwright(name.split(' '), { cwd, env })
      const real = stdout.replaceAll(sandbox.address, 'http://127.0.0.1:8200')
      expect(JSON.parse(real), name).toEqual(atLeast(parsed(content)))
    }
  }
  await sandbox.close()
})
