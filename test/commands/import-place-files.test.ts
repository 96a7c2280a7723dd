import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { obstacles, placeFiles } from '../../src/commands/import/place-files.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import { type Files, withFiles } from '../support/files.ts'

const paths = ['a/one.yaml', 'a/b/two.yaml', 'three.yaml']
const staged: Files = Object.fromEntries(paths.map((path) => [path, `new ${path}`]))

/** All files below a folder with their contents; folders without a file show as well. */
function contents(folder: string): Record<string, string | null> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries
      .map((entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const)
      .map(([path, isFile]) => [path.slice(folder.length + 1), isFile ? readFileSync(path, 'utf8') : null]),
  )
}

describe('files are put in place', () => {
  test('all of them, in folders that were not there; and taken back as if nothing had been', async () => {
    const [stage, place] = [withFiles(staged), withFiles({ 'other.txt': 'mine' })]
    const placed = await placeFiles(stage, join(place, 'deep/out'), paths, false)
    for (const path of paths) expect(contents(place)[`deep/out/${path}`]).toBe(`new ${path}`)
    await placed.undo()
    expect(contents(place)).toEqual({ 'other.txt': 'mine' })
  })

  test('over others only by force, and these come back when it is undone', async () => {
    const before = { 'a/one.yaml': 'mine', 'three.yaml': 'mine' }
    const place = withFiles(before)
    await expect(placeFiles(withFiles(staged), place, paths, false)).rejects.toThrow(UserError)
    expect(contents(place)).toEqual({ a: null, ...before })
    const placed = await placeFiles(withFiles(staged), place, paths, true)
    expect(contents(place)['a/one.yaml']).toBe('new a/one.yaml')
    await placed.undo()
    expect(contents(place)).toEqual({ a: null, ...before })
  })

  test('or none, when the last of them cannot be', async () => {
    const place = withFiles({})
    // It appeared after somebody looked for obstacles.
    mkdirSync(join(place, 'three.yaml'))
    for (const force of [false, true]) {
      await expect(placeFiles(withFiles(staged), place, paths, force)).rejects.toThrow(UserError)
      expect(contents(place)).toEqual({ 'three.yaml': null })
    }
  })
})

test('everything in the way is named, links also where they lead nowhere', async () => {
  const place = withFiles({ 'a/one.yaml': 'mine' })
  symlinkSync('/nowhere', join(place, 'three.yaml'))
  writeFileSync(join(place, 'a/b'), 'a file')
  const messages = async (force: boolean) => (await obstacles(place, paths, force)).map(({ message }) => message).sort()
  expect(await messages(false)).toEqual([
    'a/b is no folder',
    'a/one.yaml is there already',
    'three.yaml is there already, and it is a link',
  ])
  expect(await messages(true)).toEqual(['a/b is no folder', 'three.yaml is there already, and it is a link'])
})
