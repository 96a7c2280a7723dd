/**
 * Finds in a log of any size the few lines worth parsing. Nothing is kept of a line that is not, and of a line that is
 * not even shaped like an entry only that there was one.
 */
export interface LineReader {
  push(chunk: Buffer): void
  end(): void
  readonly seen: Seen
}

export interface Seen {
  /** All lines that are not empty. */
  readonly lines: number
  /** Lines that cannot be entries, the first ones by number; a log that is cut off ends with such a line. */
  readonly odd: { readonly count: number; readonly first: readonly number[]; readonly last?: number }
  /** Lines that were too long to look at. */
  readonly long: number
}

export interface LineOptions {
  /** Whether requests to this API path matter. Asked for every line, so it should know the answer by heart. */
  wants(path: string): boolean
  /** The entry's own JSON, without what a syslog put before it. Gives false for what is none. */
  line(json: Buffer, number: number): boolean
  /** The first entry, and the last one once there is no more: they tell the log's range. Gives false for what is none. */
  edge(json: Buffer): boolean
  /** Bytes; a server takes bodies of 32 MiB, and a raw log may hold one. */
  readonly longest?: number
}

const [newline, open, close, quote, space, carriageReturn] = [0x0a, 0x7b, 0x7d, 0x22, 0x20, 0x0d]
/** Both servers write it so; a space behind the colon is what other programs add. */
const pathKey = Buffer.from('"path":')
const operationKey = Buffer.from('"operation":')
/** A longer path is none that a server would route. */
const longestPath = 4096
const oddShown = 3

export function lineReader({ wants, line, edge, longest = 128 * 1024 * 1024 }: LineOptions): LineReader {
  let carried: Buffer[] = []
  let [size, skipping, number, lines, long] = [0, false, 0, 0, 0]
  const odd = { count: 0, first: [] as number[], last: undefined as number | undefined }

  const strange = () => {
    odd.count++
    odd.last = number
    if (odd.first.length < oddShown) odd.first.push(number)
  }
  let [begun, known, latest]: [boolean, boolean, Buffer | undefined] = [false, false, undefined]
  const whole = (buffer: Buffer, start: number, end: number, candidate: boolean) => {
    const from = entryStart(buffer, start, end)
    if (from === undefined) return strange()
    latest = buffer.subarray(from, end)
    if (!begun) begun = edge(latest)
    known = candidate
    if (candidate && !line(latest, number)) strange()
  }
  const scan = (buffer: Buffer, limit: number, first: number) => {
    let [start, next] = [first, buffer.indexOf(pathKey, first)]
    while (start < limit) {
      let end = buffer.indexOf(newline, start)
      if (end === -1 || end > limit) end = limit
      const after = end + 1
      number++
      while (end > start && isBlank(buffer[end - 1])) end--
      let candidate = false
      while (next !== -1 && next < end) {
        candidate ||= wantedAt(buffer, next + pathKey.length, end)
        next = buffer.indexOf(pathKey, next + pathKey.length)
      }
      if (end > start) {
        lines++
        whole(buffer, start, end, candidate)
      }
      start = after
    }
  }
  const wantedAt = (buffer: Buffer, at: number, end: number): boolean => {
    const path = textAt(buffer, at, end)
    return path !== undefined && wants(path)
  }
  const drop = () => {
    carried = []
    size = 0
  }
  const finish = () => {
    if (skipping) long++
    else if (size > 0) scan(Buffer.concat(carried), size, 0)
    if (skipping) number++
    skipping = false
    drop()
  }
  return {
    push(chunk) {
      let start = 0
      const first = chunk.indexOf(newline)
      if (size > 0 || skipping) {
        const end = first === -1 ? chunk.length : first
        if (!skipping) carried.push(chunk.subarray(0, end))
        size += end
        if (size > longest) {
          skipping = true
          carried = []
        }
        if (first === -1) return
        finish()
        start = first + 1
      }
      const last = chunk.lastIndexOf(newline)
      if (last >= start) {
        scan(chunk, last + 1, start)
        start = last + 1
      }
      // Copies: the reader of the file uses its buffer again.
      if (latest !== undefined) latest = Buffer.from(latest)
      if (start < chunk.length) {
        carried.push(Buffer.from(chunk.subarray(start)))
        size = chunk.length - start
      }
    },
    end() {
      finish()
      // A log that is cut off may end in what only looks like an entry.
      if (latest !== undefined && !edge(latest) && !known && odd.last !== number) strange()
      latest = undefined
    },
    get seen() {
      const { last, ...counted } = odd
      return { lines, odd: { ...counted, ...(last === undefined ? {} : { last }) }, long }
    },
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === carriageReturn || byte === newline
}

/** Where the JSON of a line begins, behind the prefix of a syslog or of the audit device's own option. */
function entryStart(buffer: Buffer, start: number, end: number): number | undefined {
  if (buffer[end - 1] !== close) return undefined
  if (buffer[start] === open) return start
  for (let at = start; at < end; at++) if (buffer[at] === open && buffer[at + 1] === quote) return at
  return undefined
}

/** The JSON string at this place; undefined where there is none, or one that no path would be. */
function textAt(buffer: Buffer, from: number, end: number): string | undefined {
  let at = from
  while (buffer[at] === space) at++
  if (buffer[at] !== quote) return undefined
  const start = at + 1
  let escaped = false
  for (at = start; at < end && at - start < longestPath; at++) {
    const byte = buffer[at]
    if (byte === quote) break
    if (byte !== 0x5c) continue
    escaped = true
    at++
  }
  if (buffer[at] !== quote || at >= end) return undefined
  if (!escaped) return buffer.toString('utf8', start, at)
  try {
    return JSON.parse(buffer.toString('utf8', start - 1, at + 1)) as string
  } catch {
    return undefined
  }
}

/** Whether an entry could be of a request that does more than read. */
export function mayWrite(json: Buffer): boolean {
  for (let at = json.indexOf(operationKey); at !== -1; at = json.indexOf(operationKey, at + 1)) {
    const operation = textAt(json, at + operationKey.length, json.length)
    if (operation !== 'read' && operation !== 'list') return true
  }
  return false
}
