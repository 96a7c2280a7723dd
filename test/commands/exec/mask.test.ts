import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileMask, createMasker } from '../../../src/commands/exec/mask.ts'
import { isMasked, maskPatterns } from '../../../src/commands/exec/mask-patterns.ts'

/** What comes out for text that arrives in these chunks. */
function masked(values: readonly string[], chunks: readonly (string | Buffer)[]): Buffer {
  const masker = createMasker(compileMask(maskPatterns(values)))
  return Buffer.concat([...chunks.map((chunk) => masker.write(Buffer.from(chunk))), masker.end()])
}

const text = (values: readonly string[], ...chunks: string[]) => masked(values, chunks).toString()

/** By the rule itself, one byte after the other: whatever any pattern covers is hidden, each stretch once. */
function plainly(values: readonly string[], bytes: Buffer): Buffer {
  const covered = new Uint8Array(bytes.length)
  for (const pattern of maskPatterns(values)) {
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1))
      covered.fill(1, at, at + pattern.length)
  }
  const parts = [...bytes].map((byte, index) => {
    if (covered[index] === 0) return Buffer.from([byte])
    return Buffer.from(covered[index - 1] === 1 ? '' : '[MASKED]')
  })
  return Buffer.concat(parts)
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

describe('what is printed', () => {
  test('a value is hidden wherever it stands, and the rest is left alone', () => {
    expect(text(['hunter2-hunter2'], 'a hunter2-hunter2 b\nhunter2-hunter2')).toBe('a [MASKED] b\n[MASKED]')
  })

  test('a value that arrives in pieces is hidden', () => {
    expect(text(['hunter2-hunter2'], 'x hunt', 'er2-hun', 'ter', '2 y')).toBe('x [MASKED] y')
  })

  test('what only begins like a value is printed once that is clear', () => {
    const masker = createMasker(compileMask(maskPatterns(['hunter2-hunter2'])))
    expect(masker.write(Buffer.from('x hunter2-')).toString()).toBe('x ')
    expect(masker.write(Buffer.from('h!')).toString()).toBe('hunter2-h!')
  })

  test('values that overlap leave nothing of either', () => {
    expect(text(['abcdefgh', 'efghijkl'], '-abcdefghijkl-')).toBe('-[MASKED]-')
  })

  test('a value within a value that did not come to an end is hidden', () => {
    expect(text(['aXYZWXYZWb_long_value', 'XYZWXYZW'], 'aXYZWXYZWb no')).toBe('a[MASKED]b no')
  })

  test('every line of a value of several lines is hidden, also where it is indented or ends with CR', () => {
    const key = '-----BEGIN KEY-----\nfirst-line-of-key\nsecond-line-of-key\n-----END KEY-----\n'
    const out = text([key], 'data:\n  first-line-of-key\r\n  second-line-of-key\r\n')
    expect(out).toBe('data:\n  [MASKED]\r\n  [MASKED]\r\n')
  })

  test('most of a value is hidden even if the output breaks off in the middle of it', () => {
    expect(text(['correct-horse-battery'], 'it is correct-horse')).toBe('it is [MASKED]')
  })

  test('values shorter than eight characters are printed', () => {
    expect(isMasked('1234567')).toBe(false)
    expect(text(['1234567'], 'a 1234567 b')).toBe('a 1234567 b')
  })

  test.each([
    ['JSON', (value: string) => JSON.stringify({ value })],
    ['a URL', (value: string) => `https://user:${encodeURIComponent(value)}@host`],
    ['a form', (value: string) => new URLSearchParams({ value }).toString()],
  ])('a value is hidden as %s writes it', (_, written) => {
    const value = 'p"ss/w\\rd €uro'
    const out = text([value], written(value))
    expect(out).toContain('[MASKED]')
    expect(out).not.toContain('uro')
  })

  const awkward = `it's-a "p$ss\`w\\rd&<x>/!*()é`
  test.each([
    ['set -x of bash', `+ : 'it'\\''s-a "p$ss\`w\\rd&<x>/!*()é'`],
    ['set -x of busybox', `+ : 'it'"'"'s-a "p$ss\`w\\rd&<x>/!*()é'`],
    ['export -p of bash', `declare -x X="it's-a \\"p\\$ss\\\`w\\\\rd&<x>/!*()é"`],
    ["Go's JSON", String.raw`"it's-a \"p$ss${'`'}w\\rd\u0026\u003cx\u003e/!*()é"`],
    ["Python's JSON", String.raw`"it's-a \"p$ss${'`'}w\\rd&<x>/!*()\u00e9"`],
    ["Python's quote", 'it%27s-a%20%22p%24ss%60w%5Crd%26%3Cx%3E/%21%2A%28%29%C3%A9'],
    ["Python's quote_plus and Go's QueryEscape", 'it%27s-a+%22p%24ss%60w%5Crd%26%3Cx%3E%2F%21%2A%28%29%C3%A9'],
    ["a browser's form", new URLSearchParams({ X: awkward }).toString()],
  ])('a value is hidden as %s writes it', (_, written) => {
    expect(text([awkward], written)).toMatch(/^\W{0,3}(: |X=|declare -x X=)?\W?\[MASKED\]\W?$/)
  })

  test.each([0, 1, 2, 3, 4, 5])('a value is hidden in base64 of a text that begins with %i other bytes', (before) => {
    const value = 'correct horse battery staple?>~'
    for (const behind of ['', '!', '!!', '!!!']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const encoded = Buffer.from(`${'u'.repeat(before)}${value}${behind}`).toString(encoding)
        const out = text([value], encoded)
        // A character beside the value may hold bits of both; it is left, and so is the padding.
        const neighbours = Math.ceil((before * 4) / 3) + Math.ceil((behind.length * 4) / 3) + 2
        expect(out).toContain('[MASKED]')
        expect(out.replace('[MASKED]', '').replaceAll('=', '').length).toBeLessThanOrEqual(neighbours)
      }
    }
  })

  test.each([76, 64])('a long value is hidden in base64 that is broken into lines of %i', (width) => {
    const value = Array.from({ length: 300 }, (_, index) => String.fromCharCode(33 + ((index * 7) % 90))).join('')
    const lines = Buffer.from(value)
      .toString('base64')
      .match(new RegExp(`.{1,${width}}`, 'g')) as string[]
    expect(
      text([value], `${lines.join('\n')}\n`)
        .replaceAll('[MASKED]', '')
        .trim(),
    ).toBe('')
  })

  test('a long value is hidden in what "echo ... | base64" makes of it, line break and all', () => {
    for (let length = 95; length < 101; length++) {
      const value = Array.from({ length }, (_, index) => String.fromCharCode(33 + ((index * 7) % 90))).join('')
      const lines = Buffer.from(`${value}\n`)
        .toString('base64')
        .match(/.{1,76}/g) as string[]
      // The last group of three bytes holds the line break as well.
      expect(text([value], lines.join('\n')).replaceAll('[MASKED]', '')).toMatch(/^\n.{0,4}$/)
    }
  })

  test('a value that ends in a line break is hidden in base64 also without it', () => {
    for (const value of ['correct-horse-battery\n', 'correct-horse-batter\r\n', 'correct-horse-batte\n']) {
      const out = text([value], Buffer.from(value.trim()).toString('base64'))
      expect(out).toBe('[MASKED]')
    }
  })
})

describe('however the output is cut', () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n', '"'), minLength: 1, maxLength: 24 })
  const bytes = fc
    .tuple(
      fc.array(value, { minLength: 1, maxLength: 4 }),
      fc.array(fc.uint8Array({ maxLength: 6 })),
      fc.infiniteStream(fc.nat()),
    )
    .map(([values, noise, picks]) => {
      const secrets = noise.flatMap((piece) => {
        const pick = picks.next().value as number
        const secret = Buffer.from(values[pick % values.length] as string)
        return [Buffer.from(piece), pick % 3 === 0 ? Buffer.from(secret.toString('base64')) : secret]
      })
      return { values, output: Buffer.concat(secrets) }
    })

  test('the same comes out as for the whole at once: nothing leaks, and no other byte changes', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), ({ values, output }, cuts) => {
        // The end of the output is a case of its own: there, most of a secret counts as one.
        const closed = Buffer.concat([output, Buffer.from('\0')])
        expect(masked(values, split(closed, cuts)).equals(plainly(values, closed))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('no value is ever in what was given out so far', () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), ({ values, output }, cuts) => {
        const hidden = values.filter((one) => Buffer.byteLength(one) >= 8 && !'[MASKED]'.includes(one))
        const masker = createMasker(compileMask(maskPatterns(values)))
        let seen = ''
        for (const chunk of split(output, cuts)) {
          seen += masker.write(chunk).toString('latin1')
          for (const one of hidden) expect(seen.includes(Buffer.from(one).toString('latin1'))).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('bytes that are no text pass unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat()), (output, cuts) => {
        const bytes = Buffer.from(output)
        expect(masked(['0123456789abcdef'], split(bytes, cuts)).equals(plainly(['0123456789abcdef'], bytes))).toBe(true)
      }),
    )
  })
})
