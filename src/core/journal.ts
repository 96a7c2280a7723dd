import { createHash } from 'node:crypto'
import * as z from 'zod'
import { problem, UserError } from './diagnostic.ts'
import { isObject, type JsonObject } from './json.ts'
import { parseJsonText } from './json-text.ts'
import type { Outcome } from './outcome.ts'
import type { Identity } from './resource.ts'
import type { ServerInfo } from './server.ts'

/**
 * What an apply is about to do and what became of it, one JSON object a line, so that it can be taken back. A line is on
 * the disk before the server is touched; write-only values are in it as references, as everywhere. Each line ends with a
 * digest over itself and the line before: a damaged file is found out. Whoever can write the file can make one that fits,
 * so this is no signature.
 */
export const journalFormat = 'vaultwright-journal/1'

/** An object as the server had it, without what the server never gives. */
export interface Image {
  readonly spec: JsonObject
  readonly attributes?: JsonObject
  readonly version?: number
}

export interface Content {
  readonly object: Identity
  readonly image: Image
}

/** One change, before it is begun. */
export interface Intent {
  readonly environment: string
  readonly action: Outcome['action']
  readonly object: Identity
  /** Null where there is none. */
  readonly before: Image | null
  /** What it is to be; null where it is to be removed. */
  readonly after: JsonObject | null
  /** What goes with a container that is removed. */
  readonly contents?: readonly Content[]
}

/** What became of a change. */
export interface Ending {
  readonly status: Outcome['status']
  readonly reason?: string
  /** False where it is certain that this apply changed nothing. */
  readonly touched: boolean
  /** `liveDigest` of what was found afterwards; absent where nobody could look. */
  readonly left?: string | null
}

export interface JournaledEnvironment {
  readonly environment: string
  readonly server: ServerInfo
}

export interface JournalHeader {
  readonly record: 'header'
  readonly format: typeof journalFormat
  readonly program: string
  /** ISO 8601, as every `at`. */
  readonly at: string
  /** Digest of the plan that is carried out. */
  readonly plan: string
  /** Digest of the journal that this apply takes back. */
  readonly undoes?: string
  readonly environments: readonly JournaledEnvironment[]
}

export type Begin = Intent & { readonly record: 'begin'; readonly seq: number; readonly at: string }
type End = Ending & { readonly record: 'end'; readonly seq: number; readonly at: string }
export interface Close {
  readonly record: 'close'
  readonly at: string
  readonly outcomes: Readonly<Record<Outcome['status'], number>>
}

export type JournalRecord = JournalHeader | Begin | End | Close

export interface JournalEntry {
  readonly begin: Begin
  /** Where `begin` stands in the file, from 1. */
  readonly line: number
  /** Absent where the run ended before it could say. */
  readonly end?: End
}

export interface Journal {
  readonly header: JournalHeader
  readonly entries: readonly JournalEntry[]
  /** Absent after a crash. */
  readonly close?: Close
  /** Of the last whole line. */
  readonly digest: string
}

/** A record as its line, with a line break at its end, and the digest that the next line builds on; the first on ''. */
export function journalLine(
  record: JournalRecord,
  previous: string,
): { readonly line: string; readonly digest: string } {
  const body = JSON.stringify(record)
  const digest = chained(previous, body)
  return { line: `${body.slice(0, -1)},"digest":"${digest}"}\n`, digest }
}

function chained(previous: string, body: string): string {
  return createHash('sha256').update(`${previous}\n${body}`).digest('hex')
}

/**
 * Throws UserError for anything that was not written so. A last line that is cut off is what a crash leaves: nothing was
 * begun on its account, and it does not count.
 */
export function parseJournal(text: string, file: string): Journal {
  const lines = text.split('\n').slice(0, -1)
  const reading = { file, previous: '', entries: new Map<number, JournalEntry>() }
  let header: JournalHeader | undefined
  let close: Close | undefined
  for (const [index, line] of lines.entries()) {
    const at = index + 1
    const { record, digest } = readLine(reading, line, at)
    if ((header === undefined) !== (record.record === 'header') || close !== undefined) damaged(reading, at)
    if (record.record === 'header') header = record
    else if (record.record === 'close') close = record
    else enter(reading, record, at)
    reading.previous = digest
  }
  if (header === undefined) throw notAJournal(file)
  const entries = [...reading.entries.values()]
  return { header, entries, ...(close === undefined ? {} : { close }), digest: reading.previous }
}

interface Reading {
  readonly file: string
  readonly previous: string
  readonly entries: Map<number, JournalEntry>
}

function readLine(reading: Reading, line: string, at: number): { record: JournalRecord; digest: string } {
  const [, body, digest] = /^(\{.*),"digest":"([0-9a-f]{64})"\}$/.exec(line) ?? []
  if (body === undefined || digest === undefined) throw at === 1 ? notAJournal(reading.file) : damage(reading.file, at)
  if (chained(reading.previous, `${body}}`) !== digest) damaged(reading, at)
  const value = jsonOf(`${body}}`)
  const format = isObject(value) ? value['format'] : undefined
  if (at === 1 && typeof format === 'string' && format !== journalFormat) throw otherFormat(reading.file, format)
  const record = value === undefined ? undefined : recordSchema.safeParse(value)
  if (!record?.success) throw damage(reading.file, at)
  // The value itself: whatever its specs hold, nothing of it was rebuilt.
  return { record: value as unknown as JournalRecord, digest }
}

function enter(reading: Reading, record: Begin | End, at: number): void {
  const { entries } = reading
  const known = entries.get(record.seq)
  if (record.record === 'begin') {
    if (known !== undefined) damaged(reading, at)
    entries.set(record.seq, { begin: record, line: at })
  } else if (known === undefined || known.end !== undefined) damaged(reading, at)
  else entries.set(record.seq, { ...known, end: record })
}

function jsonOf(text: string): unknown {
  try {
    return parseJsonText(text)
  } catch {
    return undefined
  }
}

function damaged(reading: Reading, at: number): never {
  throw damage(reading.file, at)
}

function damage(file: string, line: number): UserError {
  return new UserError([
    problem(
      'damaged-journal',
      `${file} is not as it was written: line ${line} does not fit those before it`,
      'Look for another copy of the journal. A journal that was edited takes nothing back.',
    ),
  ])
}

function notAJournal(file: string): UserError {
  return new UserError([
    problem(
      'not-a-journal',
      `${file} is not the journal of an apply`,
      'An apply says at its end where its journal is.',
    ),
  ])
}

function otherFormat(file: string, format: string): UserError {
  return new UserError([
    problem(
      'other-format',
      `${file} was written by another version of vaultwright (${format.slice(0, 80)}; this one reads ${journalFormat})`,
      'Roll back with the version that applied.',
    ),
  ])
}

const anyObject = z.custom<JsonObject>(isObject)
const text = z.string()
const seq = z.int().positive()
const status = z.enum(['done', 'already', 'failed', 'skipped'])

export const identitySchema = z.strictObject({ kind: text, address: text, path: text, parent: text.optional() })
export const imageSchema = z.strictObject({
  spec: anyObject,
  attributes: anyObject.optional(),
  version: z.number().optional(),
})

export const serverSchema = z.strictObject({
  product: z.enum(['vault', 'openbao']),
  version: text,
  address: text,
  namespace: text,
  clusterId: text,
})

const recordSchema = z.discriminatedUnion('record', [
  z.strictObject({
    record: z.literal('header'),
    format: z.literal(journalFormat),
    program: text,
    at: text,
    plan: text,
    undoes: text.optional(),
    environments: z.array(z.strictObject({ environment: text, server: serverSchema })),
  }),
  z.strictObject({
    record: z.literal('begin'),
    seq,
    at: text,
    environment: text,
    action: z.enum(['create', 'update', 'delete']),
    object: identitySchema,
    before: imageSchema.nullable(),
    after: anyObject.nullable(),
    contents: z.array(z.strictObject({ object: identitySchema, image: imageSchema })).optional(),
  }),
  z.strictObject({
    record: z.literal('end'),
    seq,
    at: text,
    status,
    reason: text.optional(),
    touched: z.boolean(),
    left: text.nullable().optional(),
  }),
  z.strictObject({ record: z.literal('close'), at: text, outcomes: z.record(status, z.int().nonnegative()) }),
])
