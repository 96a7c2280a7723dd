import { diffArrays, structuredPatch } from 'diff'
import { type JsonValue, stableStringify } from '../core/json.ts'

/** `@` is a hunk's heading, `\` the remark that a last line has no line break. */
export interface PatchLine {
  readonly sign: '+' | '-' | ' ' | '@' | '\\'
  readonly text: string
}

/** Beyond so many differences a diff costs much and explains nothing: then all of the old is followed by all of the new. */
const maxEditLength = 2000

/** A unified diff with three lines of context; the texts are as they are, nothing is escaped yet. */
export function diffText(before: string, after: string): PatchLine[] {
  if (before === '' || after === '') return [...wholeText('-', before), ...wholeText('+', after)]
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, maxEditLength })
  if (patch === undefined) return [...wholeText('-', before), ...wholeText('+', after)]
  return patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    { sign: '@' as const, text: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@` },
    ...lines.map((line) => ({ sign: line.charAt(0) as PatchLine['sign'], text: line.slice(1) })),
  ])
}

function wholeText(sign: '+' | '-', text: string): PatchLine[] {
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => ({ sign, text: line }))
}

export interface ListElement {
  readonly sign: '+' | '-'
  readonly value: JsonValue
}

/** What a list lost and gained, in its order; an element that moved counts as both. */
export function diffList(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): { readonly elements: readonly ListElement[]; readonly unchanged: number } {
  const parts = diffArrays(before.map(stableStringify), after.map(stableStringify), { maxEditLength })
  if (parts === undefined) return { elements: [...signed('-', before), ...signed('+', after)], unchanged: 0 }
  const changed = parts.filter(({ added, removed }) => added || removed)
  return {
    elements: changed.flatMap(({ added, value }) =>
      signed(
        added ? '+' : '-',
        value.map((text) => JSON.parse(text) as JsonValue),
      ),
    ),
    unchanged: before.length - changed.reduce((sum, { removed, value }) => sum + (removed ? value.length : 0), 0),
  }
}

function signed(sign: '+' | '-', values: readonly JsonValue[]): ListElement[] {
  return values.map((value) => ({ sign, value }))
}
