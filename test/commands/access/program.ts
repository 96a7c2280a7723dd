import { Readable } from 'node:stream'
import { main } from '../../../src/cli.ts'
import { repository } from '../../support/program.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface SayOptions {
  readonly cwd?: string
  readonly input?: string
  /** Of the terminal; a pipe has none. */
  readonly columns?: number
}

/** Runs `vaultwright <words>` in this process, on the repository's own configuration unless told otherwise. */
export async function say(
  words: readonly string[],
  { cwd = repository, input = '', columns }: SayOptions = {},
): Promise<Said> {
  let [stdout, stderr] = ['', '']
  const context = {
    env: {},
    cwd,
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: { write: (text: string) => (stdout += text), ...(columns === undefined ? {} : { columns }) },
    stderr: { write: (text: string) => (stderr += text) },
    signal: new AbortController().signal,
  }
  const code = await main(words, context)
  return { code, stdout, stderr }
}

/** Lines that were broken for the width of the page, as one text. */
export function joined(text: string): string {
  return text.replace(/\s+/g, ' ')
}
