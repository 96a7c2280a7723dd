/** Pieces of a secret are recognized from this length on; a shorter secret only as a whole. */
const piece = 12
/** As a whole, too, they would hide words that have nothing to do with them. */
const shortest = 4
/** Of longer ones only pieces of their own text are looked for. */
const longest = 16 * 1024

interface Traces {
  readonly count: number
  readonly pieces: ReadonlySet<string>
  readonly short: readonly string[]
}

const known = new WeakMap<ReadonlySet<string>, Traces>()

/**
 * A server that repeats what it was sent must not put a secret into our output: neither as it is nor cut nor as JSON, URLs,
 * base64 and hexadecimal write it. Whoever disguises it on purpose can do so otherwise; but that server has it already.
 */
export function scrub(text: string, secrets: ReadonlySet<string>): string {
  const { pieces, short } = tracesOf(secrets)
  let clean = text
  for (const secret of short) clean = clean.replaceAll(secret, '(secret)')
  return withoutPieces(clean, pieces)
}

function withoutPieces(text: string, pieces: ReadonlySet<string>): string {
  let clean = ''
  let until = 0
  for (let at = 0; at + piece <= text.length; at++) {
    if (!pieces.has(text.slice(at, at + piece))) continue
    // What overlaps a piece or follows it is the same secret.
    if (until === 0 || at > until) clean += `${text.slice(until, at)}(secret)`
    until = at + piece
  }
  return clean + text.slice(until)
}

function tracesOf(secrets: ReadonlySet<string>): Traces {
  const found = known.get(secrets)
  if (found?.count === secrets.size) return found
  const pieces = new Set<string>()
  for (const secret of secrets)
    for (const form of formsOf(secret))
      for (let at = 0; at + piece <= form.length; at++) pieces.add(form.slice(at, at + piece))
  const short = [...secrets].filter(({ length }) => length >= shortest && length < piece)
  const traces = { count: secrets.size, pieces, short }
  known.set(secrets, traces)
  return traces
}

function formsOf(secret: string): readonly string[] {
  if (secret.length < piece) return []
  if (secret.length > longest) return [secret]
  const json = JSON.stringify(secret).slice(1, -1)
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  return [
    ...[secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(bytes.toString())],
    ...[hex, hex.toUpperCase()],
    ...[0, 1, 2].flatMap((before) => base64Forms(bytes, before)),
  ]
}

/** What precedes a text decides on one of three spellings; characters that hold bits of a neighbour are left out. */
function base64Forms(bytes: Buffer, before: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
  const own = encoded.slice([0, 2, 3][before], encoded.length - 4)
  return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
}
