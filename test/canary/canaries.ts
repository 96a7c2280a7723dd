import { randomBytes } from 'node:crypto'

/** A secret that exists nowhere else, and the pieces of it that nobody may see; each piece alone is a leak. */
interface Canary {
  readonly name: string
  readonly text: string
  readonly pieces: readonly string[]
}

/** What was planted in one run of the tests, and the search for it. */
export interface Canaries {
  readonly planted: readonly Canary[]
  /** Plants a random text; `wrap` makes the secret's form of it, such as a prefix. */
  plant(name: string, wrap?: (core: string) => string): string
  /** Plants a text that comes from elsewhere, such as a token that a server made. */
  adopt(name: string, text: string): string
  /** Names and encodings of all canaries that are in the bytes. */
  foundIn(bytes: Buffer): string[]
}

/** Shorter pieces would be found by chance. */
const shortestPiece = 16

export function canaries(): Canaries {
  const planted: Canary[] = []
  const needles: { readonly label: string; readonly bytes: Buffer }[] = []
  const add = (name: string, text: string, source: string) => {
    if (planted.some((one) => one.text === text)) return text
    const pieces = piecesOf(source)
    planted.push({ name, text, pieces })
    for (const piece of pieces)
      for (const [encoding, form] of formsOf(piece))
        needles.push({ label: `${name} (${encoding})`, bytes: Buffer.from(form) })
    return text
  }
  return {
    planted,
    plant(name, wrap = (core) => core) {
      const core = randomBytes(20).toString('hex')
      return add(name, wrap(core), core)
    },
    adopt: (name, text) => add(name, text, text),
    foundIn: (bytes) => [
      ...new Set(needles.filter((needle) => bytes.includes(needle.bytes)).map(({ label }) => label)),
    ],
  }
}

/**
 * Halves of a random text; of a JWT only its signature, because its claims are no secret; of a PEM lines of its body, but
 * not the first, which begins alike for all keys.
 */
function piecesOf(source: string): string[] {
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(source)) return halves((source.split('.')[2] as string).slice(0, 64))
  if (source.startsWith('-----BEGIN')) return source.split('\n').slice(2, 5)
  return halves(source)
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2)
  const parts = [text.slice(0, middle), text.slice(middle)]
  return parts.every((part) => part.length >= shortestPiece) ? parts : [text]
}

/**
 * As programs write it: as it is (which is also how JSON, URLs and shells leave letters and digits), in hexadecimal as
 * dumps do, with every byte escaped, and in base64 at any offset.
 */
function formsOf(piece: string): (readonly [encoding: string, text: string])[] {
  const bytes = [...Buffer.from(piece)].map((byte) => byte.toString(16).padStart(2, '0'))
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(' '.repeat(offset) + piece).toString('base64')
    // The first and the last characters depend on what stands beside it.
    return text.slice([0, 2, 3][offset], text.length - 4)
  })
  return [
    ['plain', piece],
    ['hexadecimal', bytes.join('')],
    ['hexadecimal', bytes.join('').toUpperCase()],
    ['bytes', bytes.join(' ')],
    ['URL', bytes.map((byte) => `%${byte}`).join('')],
    ['URL', bytes.map((byte) => `%${byte.toUpperCase()}`).join('')],
    ['JSON', bytes.map((byte) => `\\u00${byte}`).join('')],
    ...base64.map((text) => ['base64', text] as const),
    ...base64.map((text) => ['base64', text.replaceAll('+', '-').replaceAll('/', '_')] as const),
  ]
}
