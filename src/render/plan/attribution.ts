import type { Attribution, AuditedRequest } from '../../core/attribution.ts'
import type { EnvironmentPlan } from '../../core/plan.ts'
import type { Address } from '../../core/resource.ts'
import { visible } from '../visible.ts'
import { countOf } from '../words.ts'

/** Refused attempts that people read of; the JSON report has more. */
const refusedShown = 3
/** What a login noted, in a sentence. */
const metadataShown = 12
const longest = 100

/** Who made an object what it is, a line each and safe for a terminal; none where no audit log was given. */
export function attributionLines({ attribution }: EnvironmentPlan, address: Address): string[] {
  const found = attribution?.objects.find((object) => object.address === address)
  if (attribution === undefined || found === undefined) return []
  const { from, to } = attribution
  const range = from === undefined || to === undefined ? '' : ` (${second(from)} to ${second(to)} UTC)`
  return [...madeLines(found, range), ...refusedLines(found)].map(visible)
}

function madeLines(found: Attribution, range: string): string[] {
  const { verdict, reason, requests } = found
  if (verdict === 'untouched') return [`nothing in the given logs${range} touched it${because(reason)}`]
  const made = found.made.flatMap(({ request, fields }) => {
    const told = requests.find(({ id }) => id === request)
    return told === undefined ? [] : [`who: ${sentence(told, fields)}`]
  })
  if (verdict === 'verified') return [...made, ...verified(found)]
  if (verdict === 'unverified') return [...made, `not verified: ${reason ?? 'nobody could compare'}`]
  const last = requests.findLast(({ outcome }) => outcome === 'done')
  const seen = made.length > 0 || last === undefined ? made : [`last in the logs: ${sentence(last, [])}`]
  return [...seen, `not in the logs${range}: ${reason ?? 'no request made it so'}`]
}

/** A removal needs no proof but the log's: there is nothing to compare. */
function verified({ made, requests }: Attribution): string[] {
  const writes = made.every(({ request }) => requests.find(({ id }) => id === request)?.does === 'write')
  if (!writes) return []
  return [`verified: what is there is what ${made.length === 1 ? 'this request' : 'these requests'} wrote`]
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `; ${reason}`
}

function refusedLines({ refused, more }: Attribution): string[] {
  const shown = refused.slice(-refusedShown).map((request) => `refused: ${sentence(request, [])}`)
  const left = refused.length - shown.length + more.refused
  return left === 0 ? shown : [...shown, `and ${countOf(left, 'more refused attempt')} before`]
}

/** "2026-11-20 14:03:07 UTC, update of sys/policies/acl/ci (policy), by userpass-alice (username alice) from 10.1.2.3". */
function sentence(request: AuditedRequest, fields: readonly string[]): string {
  const { time, operation, path, namespace, from, forwardedFrom, outcome, asFiles } = request
  const named = fields.length === 0 ? '' : ` (${fields.map(short).join(', ')})`
  const place = namespace === '' ? short(path) : `${short(path)} in namespace ${short(namespace)}`
  return [
    time === '' ? 'at an unknown time' : `${second(time)} UTC`,
    ` ${who(request)}`,
    from === undefined ? '' : ` from ${short(from)}`,
    forwardedFrom === undefined ? '' : ` (through ${short(forwardedFrom)})`,
    `: ${operation} of ${place}${named}`,
    outcome === 'unknown' ? ', of which the logs have no answer' : '',
    asFiles === true ? ', as the files say' : '',
  ].join('')
}

function who({ who: { name, entity, policies, metadata } }: AuditedRequest): string {
  if (name === '') return 'by nobody the server knew'
  const { role, ...rest } = metadata
  const known = [...(role === undefined ? [] : [['role', role] as const]), ...Object.entries(rest)]
  const shown = known.slice(0, metadataShown).map(([key, value]) => `${short(key)} ${short(value)}`)
  const noted = shown.length > 0 ? shown : otherwise(entity, policies)
  return `by ${short(name)}${noted.length === 0 ? '' : ` (${noted.join(', ')})`}`
}

/** Whatever there is of somebody whose login noted nothing, such as a token that was made by hand. */
function otherwise(entity: string | undefined, policies: readonly string[]): string[] {
  if (entity !== undefined) return [`entity ${entity}`]
  return policies.length === 0
    ? []
    : [`${policies.length === 1 ? 'policy' : 'policies'} ${policies.slice(0, metadataShown).map(short).join(', ')}`]
}

/** Quoted where it could pass for another part of the sentence: whoever sent the request chose it. */
function short(text: string): string {
  const cut = text.length <= longest ? text : `${text.slice(0, longest)}…`
  return /^[\w.,@/:+-]+$/.test(cut) ? cut : JSON.stringify(cut)
}

/** `2026-11-20 14:03:07`. */
function second(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
