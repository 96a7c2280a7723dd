import { shortestMasked } from './mask-patterns.ts'

/** Bytes in, the same bytes out with every covered stretch replaced; what may still become a secret is held back. */
export interface Masker {
  write(chunk: Uint8Array): Buffer
  /** What was held back. */
  end(): Buffer
}

const replacement = Buffer.from('[MASKED]')

/**
 * All patterns at once in one pass (Aho and Corasick): the state after a byte is the longest end of the text that begins
 * a pattern. Everything before that end is settled, so no more is held back than must be.
 */
export interface MaskTable {
  /** By `state * 256 + byte`; the root's are in an array, as nearly every byte of a log is looked up there. */
  readonly edges: ReadonlyMap<number, number>
  readonly rootEdges: Int32Array
  /** By state: where to go on when no edge fits. */
  readonly fallback: readonly number[]
  /** By state: how many bytes of the text it stands for. */
  readonly depth: readonly number[]
  /** By state: the length of the longest pattern that ends there; 0 for none. Shorter ones are covered by it. */
  readonly longest: readonly number[]
}

export function compileMask(patterns: readonly Buffer[]): MaskTable {
  const edges = new Map<number, number>()
  const depth = [0]
  const longest = [0]
  for (const pattern of patterns) {
    let state = 0
    for (const byte of pattern) {
      const known = edges.get(state * 256 + byte)
      if (known === undefined) {
        edges.set(state * 256 + byte, depth.length)
        depth.push((depth[state] as number) + 1)
        longest.push(0)
      }
      state = known ?? depth.length - 1
    }
    longest[state] = pattern.length
  }
  const rootEdges = Int32Array.from({ length: 256 }, (_, byte) => edges.get(byte) ?? 0)
  const fallback = new Array<number>(depth.length).fill(0)
  const table = { edges, rootEdges, fallback, depth, longest }
  // From the shallow states to the deep ones, because a fallback is always shallower.
  const byDepth = [...edges].sort(([, a], [, b]) => (depth[a] as number) - (depth[b] as number))
  for (const [key, state] of byDepth) {
    const parent = Math.floor(key / 256)
    if (parent !== 0) fallback[state] = next(table, fallback[parent] as number, key % 256)
    longest[state] ||= longest[fallback[state] as number] as number
  }
  return table
}

function next({ edges, rootEdges, fallback }: MaskTable, from: number, byte: number): number {
  let state = from
  while (state !== 0) {
    const edge = edges.get(state * 256 + byte)
    if (edge !== undefined) return edge
    state = fallback[state] as number
  }
  return rootEdges[byte] as number
}

/** A covered stretch of the bytes at hand, `to` exclusive. */
interface Span {
  from: number
  to: number
}

export function createMasker(table: MaskTable): Masker {
  let state = 0
  let held: Buffer = Buffer.alloc(0)
  let spans: Span[] = []
  let masking = false

  /** Gives out everything before `until`; a stretch that goes on from the last time is not announced again. */
  const release = (bytes: Buffer, until: number): Buffer => {
    const parts: Buffer[] = []
    let at = 0
    for (const { from, to } of spans) {
      if (from >= until) break
      if (from > at) parts.push(bytes.subarray(at, from))
      if (from > at || !masking) parts.push(replacement)
      masking = true
      at = Math.min(to, until)
    }
    if (at < until) {
      parts.push(bytes.subarray(at, until))
      masking = false
    }
    held = Buffer.from(bytes.subarray(until))
    spans = spans
      .filter(({ to }) => to > until)
      .map(({ from, to }) => ({ from: Math.max(0, from - until), to: to - until }))
    return Buffer.concat(parts)
  }

  return {
    write(chunk) {
      const bytes = Buffer.concat([held, chunk])
      for (let index = held.length; index < bytes.length; index++) {
        state = next(table, state, bytes[index] as number)
        const length = table.longest[state] as number
        if (length > 0) cover(spans, index + 1 - length, index + 1)
      }
      return release(bytes, bytes.length - (table.depth[state] as number))
    },
    end() {
      // Most of a secret is not printed either, when the text breaks off in the middle of it.
      if (held.length >= shortestMasked) cover(spans, 0, held.length)
      state = 0
      return release(held, held.length)
    },
  }
}

/** Spans are disjoint, do not touch, and are in order; the new one ends last. */
function cover(spans: Span[], from: number, to: number): void {
  let start = from
  for (let last = spans.at(-1); last !== undefined && last.to >= start; last = spans.at(-1)) {
    start = Math.min(start, last.from)
    spans.pop()
  }
  spans.push({ from: start, to })
}
