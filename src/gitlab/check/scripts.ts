import type { CiJob } from './jobs.ts'
import { type CiPlace, get, textsOf } from './value.ts'

/** A command of a job. */
export interface ScriptLine {
  readonly text: string
  readonly at: CiPlace
}

export function scriptOf({ keys }: CiJob): readonly ScriptLine[] {
  return ['before_script', 'script', 'after_script'].flatMap((key) => textsOf(get(keys, key)))
}

/** What a script asks Vault for by itself: a login with curl, the vault or bao program, or vaultwright. */
export interface ScriptLogin {
  readonly at: CiPlace
  /** As the script says it; absent where a variable does, or the program's own setting. */
  readonly role?: string
  readonly mount?: string
  /** The program reads server and namespace from the environments' files: no variable has to say them. */
  readonly configured?: true
}

/** Undefined for a job that does not look as if it logged in to Vault. */
export function loginOfScript(job: CiJob): ScriptLogin | undefined {
  const lines = scriptOf(job)
  const login = lines.find(({ text }) => /\bauth\/[\w./${}-]{1,200}\/login\b/.test(text))
  if (login === undefined) return vaultwrightLogin(lines)
  const all = lines.map(({ text }) => text).join('\n')
  const [, mount] = /\bauth\/([\w./-]{1,200})\/login\b/.exec(all) ?? []
  const [, role] = /(?:^|[^\w-])role\\?["']?\s*[:=]\s*\\?["']?([\w.-]+)/m.exec(all) ?? []
  return { at: login.at, ...(mount === undefined ? {} : { mount }), ...(role === undefined ? {} : { role }) }
}

function vaultwrightLogin(lines: readonly ScriptLine[]): ScriptLogin | undefined {
  const call = lines.find(({ text }) => /(^|[\s;&|])vaultwright\s+(exec|plan|apply|drift|test)\b/m.test(text))
  if (call === undefined) return undefined
  // Of these, exec alone runs where there is no configuration.
  const configured = !/\bvaultwright\s+exec\b/.test(call.text)
  const [, role] = /\s--role[= ]["']?([\w.-]+)/.exec(call.text) ?? []
  const [, mount] = /\s--mount[= ]["']?([\w./-]+)/.exec(call.text) ?? []
  return {
    at: call.at,
    ...(mount === undefined ? {} : { mount }),
    ...(role === undefined ? {} : { role }),
    ...(configured ? { configured } : {}),
  }
}

/** Where in the file a text of a script stands; the whole line where it cannot be told. */
export function placeIn({ at }: ScriptLine, words: string): CiPlace {
  const start = at.file.text.indexOf(words, at.start)
  return start === -1 || start + words.length > at.end ? at : { ...at, start, end: start + words.length }
}
