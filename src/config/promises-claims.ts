import { type GitlabClaim, gitlabClaim, gitlabClaims, topClaim } from '../access/claims/gitlab.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import { nearest } from '../core/nearest.ts'
import { type Check, typeName } from './explain.ts'
import type { Use } from './problems.ts'
import type { Scope } from './scope.ts'
import { suggestName } from './suggest.ts'
import { quoted } from './text.ts'
import { compile, fillTemplate, type Template } from './variables.ts'

/** The named sets of claims of one file. */
export interface Sets {
  /** A set by its name, or the claims over the set that they extend; undefined once the reason is reported. */
  resolve(written: JsonValue, where: Where): JsonObject | undefined
}

export interface Where {
  /** The path of what is resolved in its file. */
  readonly at: FieldPath
  readonly scope: Scope
  readonly use: Use
}

type Reading = Pick<Check, 'problems' | 'place'>

/** Sets are filled in where they are used: each environment has variables of its own. */
export function claimSets(written: Readonly<Record<string, JsonValue>>, reading: Reading): Sets {
  const { problems, place } = reading
  const templates = new Map<string, Template>(
    Object.entries(written).map(([name, set]) => [
      name,
      compile(set, { problems, place, keep: () => false }, ['claims', name]),
    ]),
  )
  const resolveSet = (name: string, where: Where, open: readonly string[]): JsonObject | undefined => {
    const template = templates.get(name)
    if (template === undefined || open.includes(name)) {
      if (template === undefined) reportUnknown(name, [...templates.keys()], where, reading)
      else reportCircle([...open, name], where, reading)
      return undefined
    }
    const failed: FieldPath[] = []
    const claims = fillTemplate(template, where.scope, failed)
    const inner = { ...where, at: ['claims', name] }
    return failed.length > 0 || !isObject(claims) ? undefined : over(claims, inner, [...open, name])
  }
  const over = (claims: JsonObject, where: Where, open: readonly string[]): JsonObject | undefined => {
    const { extends: base, ...own } = claims
    for (const [claim, value] of Object.entries(own)) reportOddClaim(claim, value, where, reading)
    if (base === undefined) return own
    const at = [...where.at, 'extends']
    if (typeof base !== 'string') {
      problems.error('wrong-type', 'extends: expected the name of a set of claims', place(at), { use: where.use })
      return undefined
    }
    const below = resolveSet(base, { ...where, at }, open)
    return below && { ...below, ...own }
  }
  return {
    resolve: (claims, where) => {
      if (typeof claims === 'string') return resolveSet(claims, where, [])
      return isObject(claims) ? over(claims, where, []) : undefined
    },
  }
}

const claimNames = gitlabClaims.map(({ name }) => name)

/** A promise about a token that GitLab never issues proves nothing. Mounts of other issuers have other claims. */
export function reportOddClaim(
  claim: string,
  value: JsonValue,
  { at, use }: Pick<Where, 'at' | 'use'>,
  { problems, place }: Reading,
): void {
  const known = gitlabClaim(claim)
  if (known === undefined) {
    const meant = claim === topClaim(claim) ? nearest(claim, claimNames, 2) : undefined
    if (meant !== undefined)
      problems.warning(
        'unknown-claim',
        `no ID token of GitLab has a claim ${quoted(claim)}`,
        place([...at, claim], 'key'),
        {
          help: `Did you mean ${quoted(meant)}?`,
          use,
        },
      )
  } else if (!fits(known, value)) {
    const what = known.type === 'number' ? 'a number' : 'a string'
    problems.warning(
      'claim-type',
      `${claim}: ID tokens of GitLab have ${what} here, and this is ${typeName(value)}`,
      place([...at, claim]),
      {
        help: `A role that binds it to ${what} would refuse this token and let a real one in.`,
        use,
      },
    )
  }
}

/** Null takes a claim away; lists and maps have too many forms to judge. */
function fits({ type }: GitlabClaim, value: JsonValue): boolean {
  if (typeof value === 'object' || (type !== 'string' && type !== 'number')) return true
  return typeof value === type
}

function reportUnknown(name: string, known: readonly string[], { at, use }: Where, { problems, place }: Reading): void {
  problems.error('unknown-claims', `no set of claims is called ${quoted(name)}`, place(at), {
    help: suggestName(name, known, `Write it under "claims" of this file, or write a map of claims here.`),
    use,
  })
}

function reportCircle(names: readonly string[], { at, use }: Where, { problems, place }: Reading): void {
  const circle = names.slice(names.indexOf(names.at(-1) as string)).join(' → ')
  problems.error('claims-cycle', `sets of claims extend each other in a circle: ${circle}`, place(at), { use })
}
