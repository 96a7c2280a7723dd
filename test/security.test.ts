import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from './support/program.ts'

const page = readFileSync(join(repository, 'SECURITY.md'), 'utf8')

/** The cells of the rows under a heading of a table. */
function rowsUnder(heading: string): string[][] {
  const [, table = ''] = page.split(heading)
  const [rows = ''] = table.split('\n\n')
  return [...rows.matchAll(/^\|(.+)\|$/gm)].map(([, cells = '']) => cells.split('|').map((cell) => cell.trim()))
}

const promises = rowsUnder('| promise | broken on purpose by |\n| --- | --- |\n')

test('every promise names tests, and every test that is named is there and holds a test', () => {
  expect(promises.length).toBeGreaterThan(0)
  for (const [promise, named = ''] of promises) {
    const files = [...named.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    expect([promise, files.length > 0]).toEqual([promise, true])
    for (const file of files) {
      expect(file).toMatch(/^test\/[\w/-]+\.test\.ts$/)
      const found = existsSync(join(repository, file)) ? readFileSync(join(repository, file), 'utf8') : ''
      expect([file, /\b(test|it)(\.each)?\b.*\(/.test(found)]).toEqual([file, true])
    }
  }
})

test('each of the ten themes has a promise', () => {
  const themes = new Set(promises.map(([promise = '']) => /^\d+/.exec(promise)?.[0]).filter(Boolean))
  expect([...themes].map(Number).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('everybody in the threat model can do something, is stopped by something, and leaves something', () => {
  const actors = rowsUnder('| who | can | what stops more | what remains |\n| --- | --- | --- | --- |\n')
  expect(actors.length).toBeGreaterThan(0)
  expect(actors.filter((cells) => cells.length !== 4 || cells.some((cell) => cell === ''))).toEqual([])
})

test('what it links to is there', () => {
  const links = [...page.matchAll(/\]\(([^)#]+)(?:#([\w-]+))?\)/g)]
  expect(links.length).toBeGreaterThan(0)
  for (const [, file = '', anchor] of links) {
    const text = readFileSync(join(repository, file), 'utf8')
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    if (anchor !== undefined) expect(headings).toContain(anchor)
  }
})
