import { isIdToken, readIdToken } from '../../access/why/id-token.ts'
import type { Bearer } from '../../access/why/judge.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { parseJsonText } from '../../core/json-text.ts'
import type { Context, Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import { readAll } from './input.ts'

/** Who logs in, and what has to be said about where that comes from. */
export interface GivenBearer {
  readonly bearer: Bearer
  /** `kid` of a token. */
  readonly kid?: string
  /** One sentence each. */
  readonly notes: readonly string[]
}

export function isGiven(options: Options): boolean {
  return text(options, 'claims') !== undefined || text(options, 'token') !== undefined
}

/** Reads `--claims` or `--token`. Throws UserError, which quotes neither. */
export async function readBearer(context: Context, options: Options, gitlab?: string): Promise<GivenBearer> {
  const [claims, token] = [text(options, 'claims'), text(options, 'token')]
  if ((claims === undefined) === (token === undefined))
    throw usage('who logs in is given with either --claims or --token', 'Name a file, or - for stdin.')
  const given = claims !== undefined ? await readClaims(context, claims) : await readToken(context, token as string)
  const present = Date.now() / 1000
  const timed = given.claims === undefined ? { notes: [] } : withTimes(given.claims, present)
  const remoteAddress = text(options, 'from')
  return {
    bearer: {
      ...('claims' in timed ? { claims: timed.claims } : {}),
      alg: given.alg,
      now: momentOf(text(options, 'at'), given.claims ?? {}, present),
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      ...(gitlab === undefined ? {} : { gitlab }),
    },
    ...(given.kid === undefined ? {} : { kid: given.kid }),
    notes: [...given.notes, ...timed.notes],
  }
}

interface Read {
  /** Absent where the token is empty. */
  readonly claims?: JsonObject
  readonly alg: string
  readonly kid?: string
  readonly notes: readonly string[]
}

async function readClaims(context: Context, file: string): Promise<Read> {
  const content = await readAll(context, file)
  const claims = parsed(content)
  if (isObject(claims)) return { claims, alg: 'RS256', notes: [] }
  const help = isIdToken(readIdToken(content))
    ? 'This is a token: give it with --token.'
    : 'Write the claims of a token as one JSON object: { "project_id": "42", … }.'
  throw new UserError([problem('claims', `${nameOf(file)} holds no JSON object`, help)])
}

function parsed(content: string): unknown {
  try {
    return parseJsonText(content)
  } catch {
    return undefined
  }
}

async function readToken(context: Context, file: string): Promise<Read> {
  const token = readIdToken(await readAll(context, file))
  if (!isIdToken(token)) {
    if (token.empty) return { alg: '', notes: [] }
    throw new UserError([problem('id-token', `${nameOf(file)}: ${token.message}`, token.help)])
  }
  const { alg, kid } = token.header
  return {
    claims: token.claims,
    alg: typeof alg === 'string' ? alg : '',
    ...(typeof kid === 'string' ? { kid } : {}),
    notes: ["The signature is not checked here; only the issuer's keys tell whether the token is genuine."],
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file
}

/** Claims that somebody wrote down to ask about them rarely have times: then they get those of a fresh token. */
function withTimes(claims: JsonObject, present: number): { claims: JsonObject; notes: readonly string[] } {
  if (['iat', 'nbf', 'exp'].some((claim) => claims[claim] !== undefined)) return { claims, notes: [] }
  const iat = Math.floor(present)
  return {
    claims: { ...claims, iat, nbf: iat - 5, exp: iat + 300 },
    notes: ['The claims have no iat, nbf and exp; those of a token issued now are taken for granted.'],
  }
}

function momentOf(at: string | undefined, { iat }: JsonObject, present: number): number {
  if (at === undefined) return present
  if (at === 'issued') {
    if (typeof iat === 'number') return iat
    throw usage('--at issued needs the claim iat, which is not a number here')
  }
  const moment = /^\d+(\.\d+)?$/.test(at) ? Number(at) : Date.parse(at) / 1000
  if (Number.isFinite(moment)) return moment
  throw usage(
    `--at takes "issued", a date such as 2026-05-01T12:00:00Z or seconds since 1970, not ${JSON.stringify(at)}`,
  )
}
