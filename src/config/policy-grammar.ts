import { grammarOf } from '../access/policy/grammar.ts'
import { parsePolicy } from '../access/policy/parse.ts'
import { type PlainRefusal, plainWords } from '../access/policy/plain-words.ts'
import type { PolicyRefusal, TextPosition } from '../access/policy/policy.ts'
import { storedPolicyText } from '../access/policy/stored-text.ts'
import { newestServers, type ServerVersion } from '../core/version.ts'
import type { Problems } from './problems.ts'
import { suggestName } from './suggest.ts'
import type { Part, Reference } from './template.ts'
import type { Place, TextFile } from './text.ts'

/** Whether servers take the texts of policies; each text is read once for each kind of server. */
export interface Verdicts {
  readonly known: Map<string, PolicyRefusal | undefined>
}

export function noVerdicts(): Verdicts {
  return { known: new Map() }
}

/** A policy's text as it is filled in, and what it was filled in from. */
export interface FilledText {
  readonly text: string
  readonly file: TextFile
  readonly parts: readonly Part[]
  /** What each reference became, by its offset in the file. */
  readonly values: ReadonlyMap<number, string>
}

/** Reports a text that the server refuses; where nobody says which server it is, one that every server refuses. */
export function checkGrammar(
  filled: FilledText,
  server: ServerVersion | undefined,
  verdicts: Verdicts,
  problems: Problems,
): void {
  const stored = storedPolicyText(filled.text)
  // An empty or encoded text is refused for what it is.
  if ('refused' in stored || stored.text !== filled.text) return
  const servers = server === undefined ? Object.values(newestServers) : [server]
  const refused = refusalBy(servers, filled.text, verdicts)
  if (refused === undefined) return
  const { message, help, instead } = plainWords(refused)
  problems.error('invalid-policy', message, placeOf(refused.position, filled), {
    help: instead === undefined ? help : suggestName(instead.written, () => candidates(instead.of, servers), help),
  })
}

/** The first server's words, if all of them refuse. */
function refusalBy(servers: readonly ServerVersion[], text: string, { known }: Verdicts): PolicyRefusal | undefined {
  let first: PolicyRefusal | undefined
  for (const server of servers) {
    const key = `${server.product}@${server.version}\0${text}`
    if (!known.has(key)) {
      const parsed = parsePolicy('', text, server)
      known.set(key, 'refused' in parsed ? parsed.refused : undefined)
    }
    const refused = known.get(key)
    if (refused === undefined) return undefined
    first ??= refused
  }
  return first
}

function candidates(of: NonNullable<PlainRefusal['instead']>['of'], servers: readonly ServerVersion[]): Set<string> {
  return new Set(servers.flatMap((server) => [...grammarOf(server)[of === 'key' ? 'keys' : 'capabilities']]))
}

function placeOf(position: TextPosition, filled: FilledText): Place {
  const start = offsetInFile(offsetOf(position, filled.text), filled)
  const { file } = filled
  const word = /^(?:"(?:[^"\\\n]|\\.)*"|\$\{[^}\n]*\}|[\w.-]+)/.exec(file.text.slice(start, start + 1000))?.[0]
  return { file, start, end: start + (word?.length ?? 1) }
}

/** Columns count characters; a position beyond the end is the end. */
function offsetOf({ line, column }: TextPosition, text: string): number {
  let start = 0
  for (let i = 1; i < line && start <= text.length; i++) {
    const feed = text.indexOf('\n', start)
    if (feed === -1) return text.length
    start = feed + 1
  }
  const feed = text.indexOf('\n', start)
  const characters = [...text.slice(start, feed === -1 ? undefined : feed)]
  return start + characters.slice(0, column - 1).join('').length
}

/** What a reference was filled in with lies at the reference. */
function offsetInFile(offset: number, { file, parts, values }: FilledText): number {
  let [left, at] = [offset, 0]
  for (const part of parts) {
    const [filled, written] = lengthsOf(part, file.text.startsWith('$${', at), values)
    if (left < filled) return 'text' in part ? Math.min(at + left, at + written - 1) : at
    left -= filled
    at += written
  }
  return file.text.length
}

function lengthsOf(
  part: Part,
  doubled: boolean,
  values: ReadonlyMap<number, string>,
): readonly [filled: number, written: number] {
  if ('text' in part) return [part.text.length, doubled && part.text === '${' ? 3 : part.text.length]
  return [(values.get(part.at) ?? '').length, (part satisfies Reference).length]
}
