import { Readable } from 'node:stream'
import { main } from '../../src/cli.ts'
import { canary, outsideCanary } from './values.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** The program, in this process: a thousand runs of it take seconds. */
export async function run(words: readonly string[], { cwd, env }: RunOptions): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const output = (add: (text: string) => void) => ({
    write(text: string | Uint8Array, done?: (error?: Error | null) => void) {
      add(typeof text === 'string' ? text : Buffer.from(text).toString())
      done?.()
      return true
    },
  })
  const code = await main(words, {
    env: { CI: 'true', HOME: '/nonexistent', ...env },
    cwd,
    stdin: Readable.from([]),
    stdout: output((text) => {
      stdout += text
    }),
    stderr: output((text) => {
      stderr += text
    }),
    signal: new AbortController().signal,
  })
  return { code, stdout, stderr }
}

/** Whatever steers a terminal, reorders a line or takes no room on it; line breaks and tabs are layout. */
const hidden = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

type Judge = (text: string) => string | undefined

function parses(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch {
    return 'is no JSON'
  }
}

function withoutFences(text: string): string {
  const kept: string[] = []
  let fence: string | undefined
  for (const line of text.split('\n')) {
    const [, marks] = /^ {0,3}(`{3,})/.exec(line) ?? []
    if (fence === undefined && marks !== undefined) fence = marks
    else if (fence !== undefined && line.trim().length >= fence.length && /^`+$/.test(line.trim())) fence = undefined
    else if (fence === undefined) kept.push(line)
  }
  return kept.join('\n')
}

/** Code spans are texts to GitLab; what they hold is taken out before looking for markup. */
const markdown: Judge = (text) => {
  if (/^\s*\/(?:close|approve)/m.test(text)) return 'has a quick action'
  const read = withoutFences(text).replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, '')
  return /<hostile|\[hostile\]|^# hostile|@hostile/m.test(read) ? 'has markup from data' : undefined
}

const tags: Judge = (text) => (/<\/?hostile/.test(text) ? 'has a tag from data' : undefined)

const formula: Judge = (text) => {
  const cells = [...text.matchAll(/(?:^|,|\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(
    ([, quoted, bare]) => quoted ?? bare,
  )
  return cells.some((cell) => /^\s*[=+\-@]/.test(cell ?? '')) ? 'has a formula' : undefined
}

const judges: Readonly<Record<string, readonly Judge[]>> = {
  json: [parses],
  sarif: [parses],
  codequality: [parses],
  'terraform-report': [parses],
  junit: [tags],
  html: [tags],
  markdown: [markdown],
  csv: [formula],
}

/** What is wrong with a run; undefined where it ended as every run has to end. */
export function fault({ code, stdout, stderr }: Ran, format = 'text'): string | undefined {
  const output = stdout + stderr
  if (![0, 1, 2].includes(code)) return `ends with ${code}`
  if (/has a bug|\n {4}at /.test(output)) return `is a bug of ours: ${output.slice(0, 300)}`
  if (output.includes(canary)) return 'shows a secret of the environment'
  if (output.includes(outsideCanary)) return 'shows a file outside'
  const found = hidden.exec(format === 'csv' ? output.replaceAll('\r\n', '\n') : output)
  if (found !== null)
    return `shows U+${found[0].codePointAt(0)?.toString(16)}: ${JSON.stringify(output.slice(Math.max(0, found.index - 60), found.index + 20))}`
  if (stdout === '') return undefined
  const wrong = (judges[format] ?? []).map((judge) => judge(stdout)).find((words) => words !== undefined)
  return wrong && `${format} ${wrong}: ${stdout.slice(0, 400)}`
}
