import { deepMerge, newExpansionBudget, TooMuch } from '../../gitlab/check/merge.ts'
import type { CiMap, CiPlace, CiProblem } from '../../gitlab/check/value.ts'
import { emptyMap } from '../../gitlab/check/value.ts'
import { quoted, startOf, type TextFile, textFile } from '../text.ts'
import { filesLike, readBelow } from './files.ts'
import { type Include, includesOf } from './includes.ts'
import { fillInputs } from './inputs.ts'
import { type CiSource, readCiFile } from './values.ts'

/** A file with all local includes merged into it; `extends` and `!reference` are as written. */
interface CiConfiguration {
  readonly content: CiMap
  /** Whether some includes are not read. */
  readonly partial: boolean
  readonly problems: readonly CiProblem[]
}

/** The files of one repository, each read once. */
export interface CiReader {
  /** @param path from the root, with `/` */
  read(path: string): Promise<CiConfiguration>
  /** All files that were read, by path. */
  readonly files: ReadonlyMap<string, TextFile>
}

/** GitLab includes no more files in one pipeline (ci_max_includes), and goes no deeper. */
const mostIncludes = 150

/** @param root real path of the repository's root, outside of which nothing is read */
export function ciReader(root: string): CiReader {
  const files = new Map<string, TextFile>()
  const sources = new Map<string, Promise<Loaded>>()
  const load = (path: string): Promise<Loaded> => {
    const known = sources.get(path) ?? loadSource(root, path, files)
    sources.set(path, known)
    return known
  }
  return { files, read: (path) => readWhole(path, { root, load }) }
}

interface Loaded {
  readonly source?: CiSource
  readonly refused?: string
  readonly problems: readonly CiProblem[]
}

async function loadSource(root: string, path: string, files: Map<string, TextFile>): Promise<Loaded> {
  const result = await readBelow(root, path)
  if ('refused' in result) return { refused: result.refused, problems: [] }
  const file = textFile(path, result.text)
  files.set(path, file)
  const problems: CiProblem[] = []
  const source = readCiFile(file, problems)
  return { problems, ...(source === undefined ? {} : { source }) }
}

interface Reading {
  readonly root: string
  readonly load: (path: string) => Promise<Loaded>
  readonly problems: Set<CiProblem>
  readonly budget: ReturnType<typeof newExpansionBudget>
  /** The files that are being read, outermost first. */
  readonly open: string[]
  includes: number
  partial: boolean
}

async function readWhole(path: string, given: Pick<Reading, 'root' | 'load'>): Promise<CiConfiguration> {
  const problems = new Set<CiProblem>()
  const budget = newExpansionBudget()
  const reading: Reading = { ...given, problems, budget, open: [path], includes: 0, partial: false }
  const { source, refused, problems: own } = await given.load(path)
  for (const problem of own) problems.add(problem)
  const nowhere = startOf(textFile(path, ''))
  if (refused !== undefined)
    problems.add({ code: 'unreadable', severity: 'error', message: `${quoted(path)} ${refused}`, place: nowhere })
  try {
    const content =
      source === undefined ? emptyMap(nowhere) : await withIncludes(fillInputs(source, undefined, []), reading)
    return { content, partial: reading.partial, problems: [...problems] }
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    const message = 'the includes blow this file up beyond what can be checked'
    problems.add({ code: 'too-much', severity: 'error', message, place: nowhere, help: 'Include each file once.' })
    return { content: emptyMap(nowhere), partial: true, problems: [...problems] }
  }
}

/** Included files in their order, the including one over them. Source: lib/gitlab/ci/config/external/processor.rb. */
async function withIncludes(content: CiMap, reading: Reading): Promise<CiMap> {
  const include = content.entries.get('include')
  if (include === undefined) return content
  let merged = emptyMap(content.at)
  for (const one of includesOf(include.value))
    for (const part of await included(one, reading)) merged = deepMerge(merged, part, reading.budget)
  const own = new Map(content.entries)
  own.delete('include')
  return deepMerge(merged, { ...content, entries: own }, reading.budget)
}

async function included(include: Include, reading: Reading): Promise<readonly CiMap[]> {
  const note = noteAt(include.at, reading)
  if (include.kind === 'unknown') {
    note('include-invalid', 'error', 'this include names no file', 'Write local: /path/of/a/file.yml.')
    return []
  }
  if (include.kind === 'elsewhere') return notRead(`include: ${include.what} is not read`, note, reading)
  const path = include.path.replace(/^\/+/, '')
  if (path.includes('$')) return notRead('a variable in the path of an include is known to GitLab only', note, reading)
  if (!/\.ya?ml$/.test(path)) {
    note(
      'include-invalid',
      'error',
      `${quoted(include.path)} is no YAML file`,
      'GitLab includes .yml and .yaml files only.',
    )
    return []
  }
  const paths = path.includes('*') ? await matching(path, note, reading) : [path]
  const parts: CiMap[] = []
  for (const one of paths) parts.push(...(await includedFile(one, include, note, reading)))
  return parts
}

type Note = (code: string, severity: CiProblem['severity'], message: string, help?: string) => void

function noteAt(place: CiPlace, { problems }: Reading): Note {
  return (code, severity, message, help) => {
    problems.add({ code, severity, message, place, ...(help === undefined ? {} : { help }) })
  }
}

function notRead(message: string, note: Note, reading: Reading): readonly CiMap[] {
  reading.partial = true
  note('include-not-read', 'info', message, 'What it brings is not checked; "include: local" is read.')
  return []
}

async function matching(pattern: string, note: Note, { root }: Reading): Promise<readonly string[]> {
  if (pattern.split('/').includes('..')) {
    note('include-outside', 'error', `${quoted(pattern)} leads out of the repository`, 'Name a path from its root.')
    return []
  }
  const found = await filesLike(root, pattern)
  if (found === undefined)
    note('include-too-wide', 'error', `${quoted(pattern)} has too many files to look through`, 'Name a folder first.')
  else if (found.length === 0) note('include-missing', 'error', `${quoted(pattern)} fits no file`)
  return found ?? []
}

async function includedFile(
  path: string,
  { inputs }: Extract<Include, { kind: 'local' }>,
  note: Note,
  reading: Reading,
): Promise<readonly CiMap[]> {
  if (reading.open.includes(path)) {
    note('include-cycle', 'error', `${[...reading.open, path].join(' includes ')}: a circle`, 'Take this include away.')
    return []
  }
  if (++reading.includes > mostIncludes) {
    if (reading.includes === mostIncludes + 1)
      note('too-many-includes', 'error', `there are more than ${mostIncludes} includes`, 'GitLab takes no more.')
    return []
  }
  const { source, refused, problems } = await reading.load(path)
  for (const problem of problems) reading.problems.add(problem)
  if (refused !== undefined) {
    reading.partial = true
    const help = 'Paths of include: local begin at the root of the repository.'
    note(/outside/.test(refused) ? 'include-outside' : 'include-missing', 'error', `${quoted(path)} ${refused}`, help)
  }
  if (source === undefined) return []
  const found: CiProblem[] = []
  const content = fillInputs(source, inputs, found)
  for (const problem of found) reading.problems.add(problem)
  reading.open.push(path)
  const whole = await withIncludes(content, reading)
  reading.open.pop()
  return [whole]
}
