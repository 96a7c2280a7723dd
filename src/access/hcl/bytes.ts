/**
 * Go's strings are bytes, and an escape such as `\xff` puts one into them that is no UTF-8. Here such a byte is a lone
 * surrogate, U+DC00 plus the byte, so that different bytes stay different.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lone = /\p{Surrogate}/u

export function toBytes(text: string): Uint8Array {
  if (!lone.test(text)) return encoder.encode(text)
  const bytes: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0) as number
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code & 0xff)
    else bytes.push(...encoder.encode(char))
  }
  return Uint8Array.from(bytes)
}

export function fromBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    let text = ''
    for (let at = 0; at < bytes.length; ) {
      const [char, size] = firstCharacter(bytes.subarray(at))
      text += char
      at += size
    }
    return text
  }
}

function firstCharacter(bytes: Uint8Array): readonly [char: string, size: number] {
  for (let size = 1; size <= 4 && size <= bytes.length; size++) {
    try {
      return [decoder.decode(bytes.subarray(0, size)), size]
    } catch {
      // Perhaps with one byte more.
    }
  }
  return [String.fromCharCode(0xdc00 + (bytes[0] as number)), 1]
}

/** What is left of such bytes where Go writes JSON. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
