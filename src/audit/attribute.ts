import type { Attribution, AuditedRequest, Verdict } from '../core/attribution.ts'
import { byText, deepEqual, type JsonObject, type JsonValue } from '../core/json.ts'
import type { Audited } from '../core/kind.ts'
import { compareSent, type HashesOf, type Match, textsToHash } from './compare.ts'
import { serverHashesIn } from './entry.ts'
import { concerns, hasUnclearMove, mountSpellings, takesAway } from './moves.ts'
import type { Hashes, Subject } from './subject.ts'
import type { Trace, Trail } from './trail.ts'

/** Requests that are told of each object, besides those that made it what it is. */
const shown = 10

/** Texts whose hashes decide about a subject; none where nothing was hashed. */
export function neededTexts(subject: Subject, trail: Pick<Trail, 'traces'>): string[] {
  const hashed = trail.traces.some(({ sent }) => sent.some(({ data }) => serverHashesIn(data).size > 0))
  if (!hashed) return []
  const { audited, live, raw, desired } = subject
  const moved = trail.traces.some(({ request }) => request.does === 'move')
  const values = [live, raw, desired].flatMap((fields) => Object.entries(fields ?? {}))
  return [
    ...new Set([
      ...(moved ? mountSpellings(subject) : []),
      ...values.flatMap(([field, value]) => [...textsToHash(value), ...otherSpellings(audited, field, value)]),
    ]),
  ]
}

export function attribute(subject: Subject, trail: Trail, hashes: Hashes): Attribution {
  const traces = trail.traces.filter((trace) => concerns(subject, trace, hashes))
  const { verdict, reason, made } = mindingMoves(
    judge({ ...subject, traces, hashes }),
    hasUnclearMove(subject, trail, hashes),
  )
  const keep = new Set([...made.map(({ trace }) => trace), ...traces.slice(-shown)])
  const requests = traces.filter((trace) => keep.has(trace)).map((trace) => told(subject, trace, hashes))
  const refused = trail.refused.slice(-shown)
  return {
    address: subject.object.address,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    made: made.map(({ trace, fields }) => ({ request: trace.request.id, fields })),
    requests,
    refused: refused.map(({ request }) => request),
    more: {
      requests: trail.more.requests + traces.length - requests.length,
      refused: trail.more.refused + trail.refused.length - refused.length,
    },
  }
}

interface Case extends Subject {
  /** Those that concern the object, oldest first. */
  readonly traces: readonly Trace[]
  readonly hashes: Hashes
}

interface Judgement {
  readonly verdict: Verdict
  readonly reason?: string
  readonly made: readonly Made[]
}

interface Made {
  readonly trace: Trace
  readonly fields: readonly string[]
}

function mindingMoves(judgement: Judgement, unclear: boolean): Judgement {
  const { verdict, reason } = judgement
  if (!unclear || verdict === 'verified') return judgement
  const moved = 'sys/remount was used, and which mounts it moved is hashed'
  return {
    ...judgement,
    verdict: verdict === 'elsewhere' ? 'unverified' : verdict,
    reason: reason === undefined ? moved : `${reason}; ${moved}`,
  }
}

function judge(subject: Case): Judgement {
  const { traces, live } = subject
  const done = traces.filter(({ request }) => request.outcome === 'done')
  if (traces.length === 0) return { verdict: 'untouched', made: [] }
  return live === undefined ? judgeMissing(subject, done) : judgePresent(subject, done, live)
}

function judgeMissing(subject: Case, done: readonly Trace[]): Judgement {
  const last = done.at(-1)
  const made = last === undefined ? [] : [{ trace: last, fields: [] }]
  if (last !== undefined && takesAway(subject, last, subject.hashes)) return { verdict: 'verified', made }
  if (last?.request.does === 'restore') return { verdict: 'unverified', reason: restored, made }
  const reason = 'the last request in the logs left it there; it was removed outside their range or by another path'
  return { verdict: 'elsewhere', reason, made: [] }
}

const restored = 'a snapshot was restored then, which replaced everything on the server'

function judgePresent(subject: Case, done: readonly Trace[], live: JsonObject): Judgement {
  const cut = done.findLastIndex((trace) => trace.request.does !== 'write')
  const ending = done[cut]
  const after = ending === undefined ? undefined : ending.order
  const writes = subject.traces.filter(
    ({ request, order }) => request.does === 'write' && (after === undefined || order > after),
  )
  const found = fieldsOf(subject, writes, live).map((field) => judgeField(subject, writes, field))
  if (writes.some(({ request }) => request.outcome === 'done')) return summed(found)
  if (ending === undefined)
    return { verdict: 'elsewhere', reason: 'the logs hold attempts only, and no request that succeeded', made: [] }
  if (takesAway(subject, ending, subject.hashes))
    return {
      verdict: 'elsewhere',
      reason: 'the last request in the logs removed it; it was made again outside their range or by another path',
      made: [],
    }
  const reason =
    ending.request.does === 'restore'
      ? restored
      : 'its mount was moved here then; what it held before is in the logs under its former path'
  return { verdict: 'unverified', reason, made: [{ trace: ending, fields: [] }] }
}

/** What differs; of an object that no file describes, all that a request named. */
function fieldsOf({ audited, desired }: Case, writes: readonly Trace[], live: JsonObject): string[] {
  if (desired !== undefined) return [...differing(live, desired)].sort(byText)
  const sent = writes.flatMap(({ request, sent }) =>
    sent.flatMap(({ data }) => Object.keys(audited.sent(data, request.path))),
  )
  return [...new Set(sent)].sort(byText)
}

function differing(live: JsonObject, desired: JsonObject): Set<string> {
  const names = new Set([...Object.keys(live), ...Object.keys(desired)])
  return new Set([...names].filter((name) => !deepEqual(live[name], desired[name])))
}

interface FieldFound {
  readonly field: string
  readonly trace?: Trace
  readonly match: Match
  readonly doubt?: string
}

/** The newest write that set the field decides. One without an answer counts only where its value is what is there. */
function judgeField(subject: Case, writes: readonly Trace[], field: string): FieldFound {
  for (const trace of writes.toReversed()) {
    const match = matchOf(subject, trace, field)
    if (match === undefined) continue
    if (trace.request.outcome === 'unknown' && match.match !== 'same') continue
    return { field, trace, ...match }
  }
  return { field, match: 'different' }
}

/** Undefined where the write leaves the field alone. */
function matchOf(
  { audited, live, raw, hashes }: Case,
  { request, sent }: Trace,
  field: string,
): { readonly match: Match; readonly doubt?: string } | undefined {
  const held = raw !== undefined && Object.hasOwn(raw, field) ? raw[field] : live?.[field]
  const found = sent.flatMap(({ log, data }) => {
    const fields = audited.sent(data, request.path)
    if (!Object.hasOwn(fields, field)) return []
    const value = fields[field] as JsonValue
    const match = compareField(audited, field, value, held, (text) => hashes.of(text, log))
    const doubt = match === 'same' || serverHashesIn(value).size === 0 ? undefined : hashes.doubt(log)
    return [{ match: match === 'different' && doubt !== undefined ? ('unknown' as const) : match, doubt }]
  })
  if (found.length > 0) {
    const best =
      found.find(({ match }) => match === 'same') ?? found.find(({ match }) => match === 'different') ?? found[0]
    return { match: best?.match ?? 'unknown', ...(best?.doubt === undefined ? {} : { doubt: best.doubt }) }
  }
  const resets =
    request.operation === 'create' || (request.operation !== 'patch' && audited.resets(field, request.path))
  // Left out, so that the server took its default: which is what is there, or the kind's comparison would not leave it out.
  return resets ? { match: live !== undefined && !Object.hasOwn(live, field) ? 'same' : 'unknown' } : undefined
}

function compareField(
  audited: Audited,
  field: string,
  sent: JsonValue,
  held: JsonValue | undefined,
  hashesOf: HashesOf,
): Match {
  const match = compareSent(sent, held, hashesOf)
  if (match === 'same') return match
  const others = otherSpellings(audited, field, held)
  return others.some((text) => compareSent(sent, text, hashesOf) === 'same') ? 'same' : match
}

function otherSpellings(audited: Audited, field: string, value: JsonValue | undefined): readonly string[] {
  return typeof value === 'string' ? (audited.spellings?.(field, value) ?? []) : []
}

function summed(found: readonly FieldFound[]): Judgement {
  const made = new Map<Trace, string[]>()
  for (const { field, trace, match } of found)
    if (trace !== undefined && match !== 'different') made.set(trace, [...(made.get(trace) ?? []), field])
  const list = [...made]
    .map(([trace, fields]) => ({ trace, fields }))
    .sort((a, b) => byText(a.trace.order, b.trace.order))
  const elsewhere = found.filter(({ match }) => match === 'different').map(({ field }) => field)
  if (elsewhere.length > 0) {
    const names = elsewhere.join(', ')
    const reason = `no request in the logs wrote what is there now (${names}): it was changed outside their range or by another path`
    return { verdict: 'elsewhere', reason, made: list }
  }
  const unsure = found.filter(({ match }) => match === 'unknown')
  if (unsure.length === 0 && found.length > 0) return { verdict: 'verified', made: list }
  const doubt = unsure.find(({ doubt }) => doubt !== undefined)?.doubt
  const names = unsure.map(({ field }) => field).join(', ')
  if (found.length === 0) return { verdict: 'unverified', reason: 'the request named no field', made: [] }
  const reason = doubt ?? `the values (${names}) can be written in more ways than hashes can be compared for`
  return { verdict: 'unverified', reason, made: list }
}

/** Whether it asked for what the files say, too: then it was an apply of them. */
function told({ audited, desired }: Subject, { request, sent }: Trace, hashes: Hashes): AuditedRequest {
  if (desired === undefined || request.does !== 'write') return request
  const asFiles = sent.some(({ log, data }) => {
    const matches = Object.entries(audited.sent(data, request.path)).map(([field, value]) =>
      compareField(audited, field, value, desired[field], (text) => hashes.of(text, log)),
    )
    const carried = Object.keys(desired).every((field) => Object.hasOwn(audited.sent(data, request.path), field))
    return carried && matches.includes('same') && !matches.includes('different')
  })
  return asFiles ? { ...request, asFiles } : request
}
