import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { writeSecretFiles } from '../../../src/commands/exec/secret-files.ts'
import { withFiles } from '../../support/files.ts'

/** A command may leave in the folder what its user cannot remove. */
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const refuse: typeof fs.rmSync = (path, options) => {
    if (options?.recursive && fs.existsSync(join(String(path), 'of-root')))
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    fs.rmSync(path, options)
  }
  return { ...fs, rmSync: refuse }
})

function written(directory: string) {
  let said = ''
  const output = {
    write(text: string | Uint8Array) {
      said += String(text)
    },
  }
  const context = {
    env: { TMPDIR: directory },
    cwd: directory,
    stdin: new PassThrough(),
    stdout: output,
    stderr: output,
  }
  const secrets = [{ name: 'KEY', file: true, value: 'canary' }]
  return { ...writeSecretFiles({ ...context, signal: new AbortController().signal }, secrets), said: () => said }
}

test('a folder that cannot be removed is told, and no value stays in it', () => {
  const directory = withFiles({})
  const files = written(directory)
  const folder = dirname(files.paths['KEY'] as string)
  mkdirSync(join(folder, 'of-root'))
  files.remove()
  expect(files.said()).toContain(`${folder}, could not be removed (EACCES)`)
  expect(readdirSync(folder)).toEqual(['of-root'])
  rmSync(join(folder, 'of-root'), { recursive: true })
})

test('the files are gone without a word otherwise', () => {
  const directory = withFiles({})
  const files = written(directory)
  files.remove()
  expect([files.said(), readdirSync(directory)]).toEqual(['', []])
})
