import type * as z from 'zod'
import { formatField } from '../core/change.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Details, Problems } from './problems.ts'
import { descriptionAt, keysAt, unionWords } from './schema-shape.ts'
import { nearest, suggestKey } from './suggest.ts'
import { hideSuspect } from './suspects.ts'
import { type Place, quoted } from './text.ts'

type Issue = z.core.$ZodIssue

/** Stands for a rule that brings no words of its own. */
const notValid = 'is not valid'

export interface Check {
  readonly problems: Problems
  /** Where the value at a path, or the key that leads to it, is written. */
  readonly place: (path: FieldPath, what?: 'place' | 'key') => Place
  /** Where the checked value lies in what `place` knows. */
  readonly at?: FieldPath
  /** Keys that are valid beside the schema's own, for suggestions. */
  readonly otherKeys?: readonly string[]
  /** Paths that could not be filled in: their reasons are reported already. */
  readonly failed?: readonly FieldPath[]
  readonly details?: Details | undefined
}

/** The value as the schema gives it back; undefined once everything that is wrong with it is reported. */
export function check<T>(schema: z.ZodType<T>, value: JsonValue, options: Check): T | undefined {
  const result = schema.safeParse(value, { error: plainWords })
  if (result.success) return result.data
  for (const issue of result.error.issues.flatMap((found) => specific(found))) explain(issue, value, schema, options)
  return undefined
}

/**
 * A value that fits one branch of a union in type has that branch's problems; the union's own words are for the others.
 * `claims: [a, {}]` is about the second element, not about the list.
 */
function specific(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const fitting = issue.errors.filter((branch) => !mismatches(branch))
  const [branch] = fitting
  const inner = branch?.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
  if (fitting.length !== 1 || branch === undefined || !inner) return [issue]
  return branch.map((found) => ({ ...found, path: [...issue.path, ...found.path] })).flatMap(specific)
}

function mismatches(branch: readonly Issue[]): boolean {
  return branch.some(
    (issue) =>
      issue.path.length === 0 &&
      (issue.code === 'invalid_type' || (issue.code === 'invalid_union' && issue.errors.every(mismatches))),
  )
}

function explain(issue: Issue, value: JsonValue, schema: z.ZodType, options: Check): void {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) explainUnknownKey(key, path, schema, options)
    return
  }
  const found = at(value, path)
  const missing = found === undefined && path.length > 0
  if (options.failed?.some((failed) => isPrefix(failed, path) || (!missing && isPrefix(path, failed)))) return
  const full = [...(options.at ?? []), ...path]
  if (missing && issue.code !== 'custom') {
    const container = full.slice(0, -1)
    const inside = container.length > 0 ? ` in ${formatField(container)}` : ''
    const key = quoted(path.at(-1) as string)
    const help = missingHelp(key, descriptionAt(schema, path))
    options.problems.error('missing-key', `the key ${key} is missing${inside}`, options.place(container), {
      ...help,
      ...options.details,
    })
    return
  }
  const words = issue.message === notValid ? (unionWords(schema, path) ?? notValid) : issue.message
  // A kind's own rules are sentences that name their fields; "expected …" needs the field before it.
  const sentence = issue.code === 'custom' && words === issue.message && !/^(expected|must|is) /.test(words)
  const wrong = sentence
    ? { code: 'invalid-value', message: words }
    : describe({ ...issue, message: words }, found, full)
  const place = options.place(full)
  const help = helpFor(issue, found, place)
  const details = help === undefined ? {} : { help }
  options.problems.error(wrong.code, wrong.message, place, { ...details, ...options.details })
}

/** What belongs there, in the words of the JSON Schema. */
function missingHelp(key: string, description: string | undefined): Details {
  if (description === undefined) return {}
  return { help: `Write ${key}: ${description.charAt(0).toLowerCase()}${description.slice(1)}` }
}

function helpFor(issue: Issue, found: JsonValue | undefined, { file }: Place): string | undefined {
  if (found === null && file.path.startsWith('roles/')) return 'null removes only inside environments.'
  if (issue.code === 'invalid_type' && issue.expected === 'string' && ['number', 'boolean'].includes(typeof found))
    return 'Put it into quotes.'
  if (typeof found !== 'string') return undefined
  if (issue.code === 'invalid_type' && issue.expected === 'boolean' && /^(yes|no|on|off|y|n)$/i.test(found))
    return 'YAML 1.2 knows only true and false.'
  const meant = issue.code === 'invalid_value' ? wordMeant(found, issue.values.map(String)) : undefined
  return meant === undefined ? undefined : `Did you mean ${quoted(meant)}?`
}

/** Words of a list are short, and three letters away is another word: "remove" is not "report". */
function wordMeant(found: string, words: readonly string[]): string | undefined {
  const longer = found.length > 2 ? words.find((word) => word.startsWith(found.toLowerCase())) : undefined
  return longer ?? nearest(found, words, 2)
}

function explainUnknownKey(key: string, path: FieldPath, schema: z.ZodType, options: Check): void {
  const valid = [...(path.length === 0 ? (options.otherKeys ?? []) : []), ...keysAt(schema, path)]
  const full = [...(options.at ?? []), ...path]
  const inside = full.length > 0 ? ` in ${formatField(full)}` : ''
  const place = options.place([...full, key], 'key')
  hideSuspect(place, key, valid)
  options.problems.error('unknown-key', `unknown key ${quoted(key)}${inside}`, place, {
    help: suggestKey(key, valid),
    ...options.details,
  })
}

function describe(issue: Issue, found: JsonValue | undefined, path: FieldPath) {
  const prefix = path.length > 0 ? `${formatField(path)}: ` : ''
  const otherType =
    (issue.code === 'invalid_type' && !(issue.expected === 'int' && typeof found === 'number')) ||
    (issue.code === 'invalid_union' && issue.errors.every(mismatches)) ||
    (issue.code === 'invalid_value' && !issue.values.some((value) => typeof value === typeof found))
  return otherType
    ? { code: 'wrong-type', message: `${prefix}${issue.message}, got ${typeName(found)}` }
    : { code: 'invalid-value', message: `${prefix}${issue.message}` }
}

function isPrefix(prefix: FieldPath, path: FieldPath): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => key === path[index])
}

function at(value: JsonValue, path: FieldPath): JsonValue | undefined {
  let inner: JsonValue | undefined = value
  for (const key of path) {
    if (Array.isArray(inner)) inner = (inner as readonly JsonValue[])[Number(key)]
    else inner = isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined
  }
  return inner
}

export function typeName(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return { object: 'a map', string: 'a string', number: 'a number', boolean: 'a boolean' }[typeof value as string] ?? ''
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

/** Zod's issues without words of their own, in ours. */
function plainWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      return issue.origin === 'array' ? 'must not be an empty list' : `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    default:
      return notValid
  }
}
