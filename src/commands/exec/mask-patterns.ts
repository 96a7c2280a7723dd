/**
 * The spellings of a secret that output is searched for. Short ones would hide half of a log and protect nothing: GitLab
 * masks from eight characters on, and so does this.
 */
export const shortestMasked = 8

/** Above this many bytes only the lines of a value are looked for, so that a huge one does not cost gigabytes. */
const largest = 64 * 1024

/**
 * A value as it is, line by line, as JSON, URLs and shells escape it, and in base64 wherever it begins in the encoded
 * text. Bytes, each once; none of them shorter than eight.
 */
export function maskPatterns(values: Iterable<string>): readonly Buffer[] {
  const found = new Map<string, Buffer>()
  for (const value of values) {
    // As the command gets it: halves of surrogate pairs do not survive UTF-8.
    for (const pattern of patternsOf(Buffer.from(value).toString())) {
      if (pattern.length >= shortestMasked) found.set(pattern.toString('latin1'), pattern)
    }
  }
  return [...found.values()]
}

/** Whether output is searched for this value or a part of it. */
export function isMasked(value: string): boolean {
  return maskPatterns([value]).length > 0
}

function patternsOf(value: string): Buffer[] {
  const lines = value.split(/\r?\n/)
  const parts = lines.length > 1 ? lines.flatMap((line) => [line, line.trim()]) : [value.trim()]
  const plain = parts.map((part) => Buffer.from(part))
  const whole = Buffer.from(value)
  if (whole.length > largest || whole.length < shortestMasked) return plain
  const escaped = [value, ...lines].flatMap(escapedForms).map((text) => Buffer.from(text))
  // A shell's $(…) takes away the line break at the end of a file.
  const base64 = [...new Set([value, value.trim()])].flatMap((text) => base64Forms(Buffer.from(text)))
  return [whole, ...plain, ...escaped, ...base64]
}

function escapedForms(text: string): string[] {
  return [...jsonForms(text), ...urlForms(text), ...shellForms(text)].filter((form) => form !== text)
}

/** As JavaScript writes it, as Go does (`<`, `>` and `&` by their numbers), and in ASCII alone, as Python does. */
function jsonForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1)
  return [json, json.replace(/[<>&\u2028\u2029]/g, byNumber), json.replace(/[^\x20-\x7e]/g, byNumber)]
}

function byNumber(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Most encoders escape `!'()*` as well, forms write a space as `+`, and what is made for paths leaves `/` alone. */
function urlForms(text: string): string[] {
  const url = encodeURIComponent(text)
  const strict = url.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const form = strict.replaceAll('%20', '+')
  const browser = form.replaceAll('%2A', '*').replaceAll('~', '%7E')
  return [url, url.replaceAll('%20', '+'), strict, strict.replaceAll('%2F', '/'), form, browser]
}

/** As `set -x` shows words with `'`, in bash and in busybox, and as bash lists variables. */
function shellForms(text: string): string[] {
  return [text.replaceAll("'", "'\\''"), text.replaceAll("'", `'"'"'`), text.replace(/["$\\`]/g, '\\$&')]
}

/**
 * Base64 works on groups of three bytes: what precedes the value decides on one of three spellings. Characters that also
 * hold bits of a neighbour are left out. The lines are those of base64 (76) and openssl (64), for a text that begins with
 * the value.
 */
function base64Forms(value: Buffer): Buffer[] {
  const spellings = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), value])
      .toString('base64')
      .slice([0, 2, 3][before])
    const bare = encoded.replace(/=+$/, '')
    return [encoded, (before + value.length) % 3 === 0 ? bare : bare.slice(0, -1)]
  })
  const lines = [76, 64].flatMap((width) => spellings[0]?.flatMap((text) => linesOf(text, width)) ?? [])
  return [...spellings.flat(), ...lines].flatMap((form) => [form, urlSafe(form)]).map((form) => Buffer.from(form))
}

function linesOf(text: string, width: number): readonly string[] {
  return text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}
