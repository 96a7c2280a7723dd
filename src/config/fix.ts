import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Configuration, Location } from '../core/configuration.ts'
import { hasErrors } from '../core/diagnostic.ts'
import { groupBy } from '../core/group-by.ts'
import { deepEqual, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { PlacedFinding } from '../lint/findings.ts'
import type { Fix } from '../lint/rule.ts'
import { type LoadOptions, loadConfiguration } from './load.ts'
import { applyEdits, differsOnlyAt, editField, type TextEdit } from './yaml-edit.ts'

/** What became of the fixes of findings. */
export interface Fixed {
  /** New texts of files, by path relative to the configuration's folder; nothing is written yet. */
  readonly texts: ReadonlyMap<string, string>
  readonly done: readonly FixedFinding[]
  readonly left: readonly { readonly placed: PlacedFinding; readonly reason: string }[]
}

export interface FixedFinding {
  readonly placed: PlacedFinding
  /** The lines that change, before and after; without line breaks at their ends. */
  readonly before: string
  readonly after: string
}

/** One change of one file, and all findings that ask for it. */
interface Change {
  readonly file: string
  readonly findings: readonly PlacedFinding[]
  readonly edits: readonly TextEdit[]
}

/**
 * Carries out fixes on the files' texts. What comes out is loaded and compared before it counts: nothing but the objects
 * with findings may change, and of those nothing but the fields at fault.
 */
export async function fixFindings(
  configuration: Configuration,
  findings: readonly PlacedFinding[],
  options: LoadOptions,
): Promise<Fixed> {
  const left: { placed: PlacedFinding; reason: string }[] = []
  const leave = (placed: readonly PlacedFinding[], reason: string) => {
    for (const one of placed) left.push({ placed: one, reason })
  }
  const changes = changesOf(configuration, findings, leave)
  const good = (await isGood(changes, configuration, options))
    ? changes
    : await goodOnes(changes, configuration, options, leave)
  return { texts: textsAfter(good, configuration), done: good.flatMap((change) => shown(change, configuration)), left }
}

type Leave = (placed: readonly PlacedFinding[], reason: string) => void

/** Findings of one place are one change, if all of them want the same. */
function changesOf(configuration: Configuration, findings: readonly PlacedFinding[], leave: Leave): Change[] {
  const wanted = findings.filter(({ finding, location }) => finding.fix !== undefined && location !== undefined)
  const groups = groupBy(wanted, ({ rule, finding: { fix }, location }) => {
    const { file, line, column } = (location as Location).source
    const what = fix !== undefined && 'lines' in fix ? `lines ${fix.lines.join('-')}` : (fix?.field ?? []).join('\0')
    return `${rule.id}\0${file}\0${line}\0${column}\0${what}`
  })
  const changes: Change[] = []
  const taken = new Map<string, TextEdit[]>()
  for (const group of groups.values()) {
    const change = changeOf(group, configuration)
    if ('refused' in change) leave(group, change.refused)
    else {
      const others = taken.get(change.file) ?? []
      taken.set(change.file, others)
      if (overlaps(others, change.edits)) leave(group, 'another fix changes the same place')
      else {
        others.push(...change.edits)
        changes.push(change)
      }
    }
  }
  return changes
}

function overlaps(others: readonly TextEdit[], edits: readonly TextEdit[]): boolean {
  return edits.some((edit) => others.some((other) => edit.start <= other.end && other.start <= edit.end))
}

function changeOf(findings: readonly PlacedFinding[], configuration: Configuration): Change | { refused: string } {
  const [first] = findings as readonly [PlacedFinding]
  const { source } = first.location as Location
  const fix = first.finding.fix as Fix
  const text = configuration.texts.get(source.file)
  if (text === undefined) return { refused: 'it is written in no file' }
  if (!findings.every(({ finding }) => deepEqual(finding.fix as JsonValue, fix as unknown as JsonValue)))
    return { refused: 'the same line stands for several values' }
  const edit =
    'lines' in fix
      ? editLines(text, fix, first, configuration)
      : editField(text, offsetOf(text, source), fix.field, fix.value)
  return 'refused' in edit ? edit : { file: source.file, findings, edits: edit.edits }
}

function offsetOf(text: string, { line, column }: Location['source']): number {
  let start = 0
  for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1
  return start + column - 1
}

/** A line that a variable fills in has another text in the file than in the policy. */
function editLines(
  text: string,
  { lines: [first, last], text: replacement }: Extract<Fix, { lines: unknown }>,
  { environment, finding }: PlacedFinding,
  { environments }: Configuration,
) {
  const object = environments
    .find(({ name }) => name === environment)
    ?.desired.find(({ address }) => address === finding.object.address)
  const policy = object?.spec['policy']
  const part = (whole: string) =>
    whole
      .split('\n')
      .slice(first - 1, last)
      .join('\n')
  if (typeof policy !== 'string' || part(policy) !== part(text)) return { refused: 'a variable fills the line in' }
  const start = offsetOf(text, { file: '', line: first, column: 1 })
  const end = start + part(text).length
  return { edits: [{ start, end: replacement === '' ? Math.min(end + 1, text.length) : end, text: replacement }] }
}

function textsAfter(changes: readonly Change[], { texts }: Configuration): Map<string, string> {
  const byFile = groupBy(changes, ({ file }) => file)
  return new Map(
    [...byFile].map(([file, parts]) => [
      file,
      applyEdits(
        texts.get(file) ?? '',
        parts.flatMap(({ edits }) => edits),
      ),
    ]),
  )
}

function shown({ file, findings, edits }: Change, { texts }: Configuration): FixedFinding[] {
  const text = texts.get(file) ?? ''
  const from = text.lastIndexOf('\n', Math.min(...edits.map(({ start }) => start)) - 1) + 1
  const end = text.indexOf('\n', Math.max(...edits.map((edit) => edit.end)))
  const to = end === -1 ? text.length : end
  const moved = edits.map((edit) => ({ ...edit, start: edit.start - from, end: edit.end - from }))
  const before = text.slice(from, to)
  const [placed] = findings as readonly [PlacedFinding]
  return [{ placed, before, after: applyEdits(before, moved) }]
}

/** Each change alone, where all of them together did too much. */
async function goodOnes(
  changes: readonly Change[],
  configuration: Configuration,
  options: LoadOptions,
  leave: Leave,
): Promise<Change[]> {
  const good: Change[] = []
  for (const change of changes) {
    if (await isGood([...good, change], configuration, options)) good.push(change)
    else leave(change.findings, 'it would change more than this')
  }
  return good
}

async function isGood(
  changes: readonly Change[],
  configuration: Configuration,
  options: LoadOptions,
): Promise<boolean> {
  if (changes.length === 0) return true
  const texts = textsAfter(changes, configuration)
  const names = new Set(changes.flatMap(({ findings }) => findings.flatMap(({ finding }) => lastKey(finding.fix))))
  for (const [file, text] of texts)
    if (!file.endsWith('.hcl') && !differsOnlyAt(configuration.texts.get(file) ?? '', text, names)) return false
  const after = await loadCopy(configuration, texts, options)
  return !hasErrors(after.diagnostics) && sameBut(changes, configuration, after)
}

function lastKey(fix: Fix | undefined): string[] {
  return fix !== undefined && 'field' in fix ? fix.field.slice(-1) : []
}

/** The configuration as it would be, loaded from a folder that goes away again. */
async function loadCopy(
  { texts }: Configuration,
  changed: ReadonlyMap<string, string>,
  options: LoadOptions,
): Promise<Configuration> {
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-fix-'))
  try {
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), changed.get(path) ?? text, { mode: 0o600 })
    }
    return await loadConfiguration(folder, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function sameBut(changes: readonly Change[], before: Configuration, after: Configuration): boolean {
  const findings = groupBy(
    changes.flatMap((change) => change.findings),
    ({ environment, finding }) => `${environment}\0${finding.object.address}`,
  )
  const files = new Set(changes.map(({ file }) => file))
  if (before.environments.length !== after.environments.length) return false
  return before.environments.every(({ name, desired }, at) => {
    const others = after.environments[at]?.desired ?? []
    return (
      desired.length === others.length &&
      desired.every((object, index) => {
        const other = others[index]
        // A text that many policies are made of changes in all of them.
        if (other === undefined || other.address !== object.address) return false
        if (object.source.file.endsWith('.hcl') && files.has(object.source.file)) return true
        const own = findings.get(`${name}\0${object.address}`) ?? []
        const wanted = own.reduce((spec, { finding }) => withField(spec, finding.fix), object.spec)
        return deepEqual(sorted(wanted), sorted(other.spec))
      })
    )
  })
}

function withField(spec: JsonObject, fix: Fix | undefined): JsonObject {
  return fix === undefined || 'lines' in fix ? spec : setAt(spec, fix.field, fix.value)
}

function setAt(spec: JsonObject, [key, ...rest]: FieldPath, value: JsonValue | undefined): JsonObject {
  if (key === undefined) return spec
  const inner = spec[key]
  if (rest.length > 0) return { ...spec, [key]: setAt(isObject(inner) ? inner : {}, rest, value) }
  const { [key]: _, ...others } = spec
  return value === undefined ? others : { ...others, [key]: value }
}

/** Lists of a fix need not be in canonical order. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]))
}
