import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type AuditEntry, parseEntry } from '../../audit/entry.ts'
import { lineReader, mayWrite, type Seen } from '../../audit/lines.ts'
import { sortableTime } from '../../audit/time.ts'
import type { Trails } from '../../audit/trail.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { type Context, Interrupted } from './command.ts'

/** What the logs cover, and what of them could not be read. */
export interface ReadLogs {
  readonly from?: string
  readonly to?: string
  readonly warnings: readonly Diagnostic[]
}

/** Reads audit logs of any size into the trails; `-` is the standard input. Throws UserError for what is none. */
export async function readAuditLogs(context: Context, files: readonly string[], trails: Trails): Promise<ReadLogs> {
  const times: string[] = []
  const warnings: Diagnostic[] = []
  for (const [log, file] of files.entries()) {
    if (context.signal.aborted) throw new Interrupted()
    const range: Range = {}
    warnings.push(...(await readOne(context, file, log, trails, range)))
    times.push(...[range.from, range.to].filter((time) => time !== undefined))
  }
  const sorted = times.sort()
  const [from, to] = [sorted[0], sorted.at(-1)]
  return { ...(from === undefined || to === undefined ? {} : { from, to }), warnings }
}

interface Range {
  from?: string
  to?: string
}

async function readOne(
  context: Context,
  file: string,
  log: number,
  trails: Trails,
  range: Range,
): Promise<readonly Diagnostic[]> {
  let entries = 0
  const widen = ({ time: written }: AuditEntry) => {
    entries++
    const time = sortableTime(written)
    if (time === undefined) return
    if (range.from === undefined || time < range.from) range.from = time
    if (range.to === undefined || time > range.to) range.to = time
  }
  const taken = (json: Buffer): AuditEntry | undefined => {
    const entry = parseEntry(json)
    if (entry !== undefined) widen(entry)
    return entry
  }
  const reader = lineReader({
    wants: (path) => trails.wants(path, log),
    line(json) {
      // Most of all are reads, such as those of earlier runs.
      if (!mayWrite(json) && !trails.needsSample(log)) return true
      const entry = taken(json)
      if (entry !== undefined) trails.add(entry, log)
      return entry !== undefined
    },
    edge: (json) => taken(json) !== undefined,
  })
  const lost = await pump(context, file, reader.push)
  reader.end()
  const name = nameOf(file)
  if (entries === 0 && reader.seen.lines > 0) throw notALog(name)
  return [...(lost === undefined ? [] : [lost]), ...oddities(name, reader.seen)]
}

export function nameOf(file: string): string {
  return file === '-' ? 'the standard input' : file
}

function notALog(name: string): UserError {
  const help =
    'Give the file that an audit device of the type "file" writes (JSON, one entry a line), also packed with gzip.'
  return new UserError([problem('not-an-audit-log', `${name} holds no entry of an audit log`, help)])
}

/** Said once a file, with numbers: a log may have a million such lines. */
function oddities(name: string, { lines, odd, long }: Seen): Diagnostic[] {
  const warnings: Diagnostic[] = []
  const warn = (code: string, message: string, help: string) =>
    warnings.push({ ...problem(code, message, help), severity: 'warning' })
  if (odd.count > 0) {
    const places = odd.first.map((number) => `${name}:${number}`).join(', ')
    const more = odd.count > odd.first.length ? ` and ${odd.count - odd.first.length} more` : ''
    const message = `${odd.count} of ${lines} lines are no audit entries and were left out: ${places}${more}`
    warn('audit-log-lines', message, 'What they said is missing from the answer; a last line may be cut off.')
  }
  if (long > 0) {
    const message = `${long} lines of ${name} are too long to read and were left out`
    warn('audit-log-lines', message, 'What they said is missing from the answer.')
  }
  return warnings
}

const gzipMagic = [0x1f, 0x8b]
const chunkSize = 1024 * 1024

/** Gives a warning where a packed file ends early or is damaged; what came before it counts. */
async function pump(context: Context, file: string, push: (chunk: Buffer) => void): Promise<Diagnostic | undefined> {
  const source =
    file === '-' ? context.stdin : createReadStream(resolve(context.cwd, file), { highWaterMark: chunkSize })
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer | string>
  try {
    const first = await chunks.next()
    if (first.done === true) return undefined
    const start = bytes(first.value)
    const whole = rest(context, start, chunks)
    if (start[0] !== gzipMagic[0] || start[1] !== gzipMagic[1]) {
      for await (const chunk of whole) push(chunk)
      return undefined
    }
    return await unpack(context, file, whole, push)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof UserError || error instanceof Interrupted || code === undefined) throw error
    throw new UserError([problem('unreadable', `${nameOf(file)} cannot be read (${code})`, 'Check the path.')])
  }
}

function bytes(chunk: Buffer | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

async function* rest(
  { signal }: Context,
  start: Buffer,
  chunks: AsyncIterator<Buffer | string>,
): AsyncGenerator<Buffer> {
  yield start
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    if (signal.aborted) throw new Interrupted()
    yield bytes(next.value)
  }
}

async function unpack(
  context: Context,
  file: string,
  packed: AsyncIterable<Buffer>,
  push: (chunk: Buffer) => void,
): Promise<Diagnostic | undefined> {
  const gunzip = createGunzip({ chunkSize })
  try {
    for await (const chunk of pipeline(packed, gunzip, () => {})) push(chunk as Buffer)
    return undefined
  } catch (error) {
    if (context.signal.aborted) throw new Interrupted()
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || !code.startsWith('Z_')) throw error
    const message = `${nameOf(file)} is damaged or cut off (${code}); only what could be unpacked was read`
    return { ...problem('audit-log-damaged', message, 'Give the whole file.'), severity: 'warning' }
  }
}
