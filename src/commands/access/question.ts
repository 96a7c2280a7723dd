import { isObject, type JsonObject } from '../../core/json.ts'
import { parseJsonText } from '../../core/json-text.ts'
import { assumedServer, parseServerVersion, type ServerVersion } from '../../core/version.ts'
import { answerLogin } from './login-question.ts'
import { answerPolicies, cache, objectAt, type PolicySet, policySetReader } from './policy-question.ts'

/** The answer to one line, as JSON without a line break. */
export interface Answered {
  readonly answer: string
  /** False for a line that holds no question. */
  readonly ok: boolean
}

/** What is kept for one server from line to line. */
interface Desk {
  readonly server: ServerVersion
  readonly read: (policies: JsonObject) => PolicySet
  /** By the text of a set of policies as it stands in the line. */
  readonly sets: ReturnType<typeof cache<PolicySet | undefined>>
}

/** Answers questions line by line, remembering policies that come again. */
export function answerer(): (line: string) => Answered {
  const desks = new Map<unknown, Desk | undefined>()
  const deskOf = (server: unknown) => {
    if (!desks.has(server)) desks.set(server, newDesk(server))
    return desks.get(server)
  }
  return (line) => {
    try {
      return answerLine(line, deskOf)
    } catch (error) {
      if (error instanceof SyntaxError) return failed('this line is no JSON')
      throw error
    }
  }
}

function newDesk(text: unknown): Desk | undefined {
  const server = text === undefined ? assumedServer : typeof text === 'string' ? parseServerVersion(text) : undefined
  return server && { server, read: policySetReader(server), sets: cache<PolicySet | undefined>(1000) }
}

function answerLine(line: string, deskOf: (server: unknown) => Desk | undefined): Answered {
  const parts = splitPolicies(line)
  const short: unknown = parts === undefined ? undefined : tolerant(parts.rest)
  // The set was cut out rightly if what stands in its place is found under its key.
  if (parts !== undefined && isQuestion(short)) {
    const desk = deskOf(short['server'])
    const set = desk?.sets(parts.policies, () => readSet(desk, parts.policies))
    if (set !== undefined) return { answer: answerPolicies(set, short['path']), ok: true }
  }
  return answerQuestion(parseJsonText(line), line, deskOf)
}

function isQuestion(short: unknown): short is JsonObject & { readonly path: string } {
  return isObject(short) && short['policies'] === 0 && typeof short['path'] === 'string' && short['role'] === undefined
}

/** Undefined where the line was cut in the wrong place. */
function readSet(desk: Desk, policies: string): PolicySet | undefined {
  const parsed: unknown = tolerant(policies)
  return isObject(parsed) ? desk.read(parsed) : undefined
}

function tolerant(json: string): unknown {
  try {
    return parseJsonText(json)
  } catch {
    return undefined
  }
}

/**
 * Cuts the policies out of a question without parsing them: they are most of its text, and often those of another line.
 * A guess, which the caller has to check.
 */
function splitPolicies(line: string): { readonly policies: string; readonly rest: string } | undefined {
  const key = line.indexOf('"policies"')
  if (key < 1 || line[key - 1] === '\\') return undefined
  const from = line.indexOf('{', key)
  if (from === -1 || line.slice(key + 10, from).trim() !== ':') return undefined
  const path = line.lastIndexOf('"path"')
  const to = line.lastIndexOf('}', path > from ? path : line.lastIndexOf('}') - 1) + 1
  if (to <= from) return undefined
  return { policies: line.slice(from, to), rest: `${line.slice(0, from)}0${line.slice(to)}` }
}

function answerQuestion(question: unknown, line: string, deskOf: (server: unknown) => Desk | undefined): Answered {
  if (!isObject(question)) return failed('a question is a JSON object')
  const desk = deskOf(question['server'])
  if (desk === undefined) return failed('"server" is no product and version such as vault@1.21.0 or openbao@2.6.1')
  if (objectAt(question, 'role') !== undefined) return { answer: answerLogin(question, line, desk.server), ok: true }
  const policies = objectAt(question, 'policies')
  const path = question['path']
  if (policies !== undefined && typeof path === 'string')
    return { answer: answerPolicies(desk.read(policies), path), ok: true }
  return failed('a question has "policies" (an object) and "path" (a string), or "role" and "claims" (objects)')
}

function failed(error: string): Answered {
  return { answer: JSON.stringify({ error }), ok: false }
}
