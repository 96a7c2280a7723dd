import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { byText } from '../core/json.ts'
import type { Problems } from './problems.ts'
import { nearest } from './suggest.ts'
import { quoted, startOf, textFile } from './text.ts'

/** What is enough to know a folder's files by. */
interface Meant {
  readonly folder: string
  readonly names: RegExp
  readonly text: RegExp
  readonly nested: boolean
}

const yaml = /\.ya?ml$/

const promises: Meant = { folder: 'test/access', names: yaml, text: /^promises\s*:/m, nested: false }

const meantAtTop: readonly (Meant & { readonly others: readonly string[] })[] = [
  {
    folder: 'environments',
    others: ['environment', 'envs', 'env'],
    names: yaml,
    text: /^(auth|address|owns|unmanaged)\s*:/m,
    nested: false,
  },
  {
    folder: 'roles',
    others: ['role'],
    names: yaml,
    text: /^(role_type|user_claim|bound_\w+|token_policies)\s*:/m,
    nested: true,
  },
  { folder: 'policies', others: ['policy'], names: /\.hcl$/, text: /^\s*path\s+"/m, nested: true },
  { ...promises, others: ['test', 'tests', 'access', 'promises'] },
]

/** Enough to find one that is ours, and no work where somebody keeps a million of their own. */
const [mostFiles, mostBytes] = [50, 256 * 1024]

/**
 * Folders whose names are nearly those of ours and that hold files such as ours: nothing reads them, so that what they
 * say would be missing without a word. A folder that is nearly named so and holds other things is its owner's business.
 */
export function reportNearFolders(root: string, problems: Problems): void {
  for (const [path, meant] of nearFolders(root)) {
    const found = fileLike(root, path, meant)
    if (found === undefined || isSame(join(root, path), join(root, meant.folder))) continue
    const message = `the folder ${quoted(path)} is not read, and ${quoted(found)} looks as if it should be`
    problems.warning('misnamed-folder', message, startOf(textFile(path, '')), {
      help: `Did you mean ${quoted(meant.folder)}?`,
    })
  }
}

function nearFolders(root: string): [path: string, meant: Meant][] {
  const top = foldersIn(root)
  const atTop = meantAtTop.flatMap((meant) =>
    top.filter((name) => isNear(name, meant.folder, meant.others)).map((name): [string, Meant] => [name, meant]),
  )
  const tests = top.filter((name) => isNear(name, 'tests', ['test']) || name === 'test' || name === 'tests')
  const inTests = tests.flatMap((parent) =>
    foldersIn(join(root, parent))
      .filter((name) => name === 'access' || isNear(name, 'access', ['promises']))
      .map((name): [string, Meant] => [`${parent}/${name}`, promises]),
  )
  return [...atTop, ...inTests.filter(([path]) => path !== promises.folder)]
}

/** Short words are near to too many others. */
function isNear(name: string, folder: string, others: readonly string[]): boolean {
  return name !== folder && (others.includes(name) || nearest(name, [folder], name.length > 7 ? 2 : 1) !== undefined)
}

function foldersIn(path: string): string[] {
  return entriesOf(path)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
}

/** Sorted; nothing where it cannot be read, as it is not ours to complain about. */
function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => byText(a.name, b.name))
  } catch {
    return []
  }
}

/** The first file below the folder that reads like one of those that are meant. */
function fileLike(root: string, path: string, { names, text, nested }: Meant): string | undefined {
  const entries = entriesOf(join(root, path))
  const inside = nested ? entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')) : []
  const files = [path, ...inside.map(({ name }) => `${path}/${name}`)].flatMap((folder) =>
    entriesOf(join(root, folder))
      .filter((entry) => entry.isFile() && names.test(entry.name))
      .map(({ name }) => `${folder}/${name}`),
  )
  return files.slice(0, mostFiles).find((file) => text.test(textOf(join(root, file))))
}

function textOf(path: string): string {
  try {
    return statSync(path).size > mostBytes ? '' : readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** On a file system that does not tell capital letters apart, or through a link. */
function isSame(path: string, other: string): boolean {
  const [a, b] = [path, other].map((one) => statSync(one, { throwIfNoEntry: false }))
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev
}
