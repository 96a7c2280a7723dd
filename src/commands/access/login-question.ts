import { decideLogin } from '../../access/login/decide.ts'
import { isWrittenObject, parseWritten, type WrittenObject } from '../../access/login/json-number.ts'
import { writeRole } from '../../access/login/role.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import { objectAt } from './policy-question.ts'

/** What a login through a role that was just written answers, as JSON. */
export function answerLogin(question: JsonObject, line: string, server: ServerVersion): string {
  const role = roleOf(question, line)
  const written = writeRole(server, role)
  if ('refused' in written) return JSON.stringify({ refused: written.refused })
  const [config, claims] = [objectAt(question, 'config'), objectAt(question, 'claims')]
  const decision = decideLogin({
    server,
    mount: textAt(question, 'mount') ?? 'jwt',
    ...(config === undefined ? {} : { config }),
    ...(claims === undefined ? {} : { claims }),
    name: textAt(question, 'name') ?? '',
    role,
    alg: textAt(question, 'alg') ?? 'RS256',
    now: momentOf(question['now']),
  })
  if (!decision.ok) return JSON.stringify({ ok: false, error: decision.error, errors: decision.errors })
  const { policies, ttl, type, metadata } = decision
  return JSON.stringify({ ok: true, policies, ttl, type, metadata })
}

/** The server compares a role's numbers as they are spelled, which JavaScript forgets; most roles have none. */
function roleOf(question: JsonObject, line: string): WrittenObject {
  const role = objectAt(question, 'role') ?? {}
  if (!hasNumber(role)) return role
  const written = parseWritten(line)
  const exact = isWrittenObject(written) ? written['role'] : undefined
  return isWrittenObject(exact) ? exact : role
}

function hasNumber(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'number'
  return Object.values(value).some(hasNumber)
}

function textAt(question: JsonObject, key: string): string | undefined {
  const value = question[key]
  return typeof value === 'string' ? value : undefined
}

function momentOf(now: JsonValue | undefined): number {
  return typeof now === 'number' ? now : Date.now() / 1000
}
