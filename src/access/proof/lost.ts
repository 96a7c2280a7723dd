import type { JsonObject } from '../../core/json.ts'
import type { Acl } from '../acl/acl.ts'
import { decide } from '../acl/decide.ts'
import type { Denial, MergedRule, Operation } from '../acl/decision.ts'
import { automatonOf, TooManyStates } from '../paths/automaton.ts'
import { sudoPatternsNear } from '../paths/grants.ts'
import { interplay, type PathPattern, parsePattern, patternKey } from '../paths/pattern.ts'
import { pathTo } from '../paths/witness.ts'

/** Requests of one operation: at one path, or at all paths of a pattern that ends with `*`. */
export interface Requests {
  readonly operation: Operation
  readonly path: string
  /** Whether `*` at the end is any text, and not a part of a name. */
  readonly many: boolean
  /** Another path that serves as well. */
  readonly instead?: string
  /** Names of the parameters that are sent; what they are is not known. */
  readonly sends?: readonly string[]
}

/** A request that could be made and no longer can. */
export interface LostRequest {
  readonly path: string
  /** By which rule it could; absent for a root token. */
  readonly before?: MergedRule
  readonly after?: MergedRule
  readonly denial: Denial
}

/**
 * One of the requests that the first token can make and the second cannot; undefined where there is none. Over all paths
 * of a pattern, not samples. A request is unwrapped, and a parameter passes where any value of it would.
 */
export function lostRequest(before: Acl, after: Acl, requests: Requests): LostRequest | undefined | 'undecided' {
  if (after.root || before.failure !== undefined) return undefined
  if (!requests.many) return lostAt(before, after, requests, requests.path)
  const asked = parsePattern(requests.path)
  if (asked === undefined) return undefined
  const paths = pathsOf(before, after, asked)
  if (paths === undefined) return 'undecided'
  for (const path of paths) {
    const lost = lostAt(before, after, requests, path)
    if (lost !== undefined) return lost
  }
  return undefined
}

function lostAt(before: Acl, after: Acl, requests: Requests, path: string): LostRequest | undefined {
  const had = granting(before, requests, path)
  if (had === undefined || granting(after, requests, path) !== undefined) return undefined
  const { denial = { why: 'no rule' }, rule } = ask(after, requests, path)
  return { path, ...(had.rule && { before: had.rule }), ...(rule && { after: rule }), denial }
}

/** The decision by which the request passes, at its path or at the other one. */
function granting(acl: Acl, requests: Requests, path: string) {
  const decision = ask(acl, requests, path)
  if (decision.allowed) return decision
  const other = requests.instead === undefined ? decision : ask(acl, requests, requests.instead)
  return other.allowed ? other : undefined
}

function ask(acl: Acl, { operation, sends = [] }: Requests, path: string) {
  return decide(acl, { operation, path, ...(sends.length > 0 && { parameters: anyValues(sends) }) })
}

/** A value that no list of allowed ones has, so that only a rule without such a list lets it pass. */
function anyValues(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, '\u0000']))
}

/** One path for each way in which a path of the pattern can stand to the rules of both; undefined where they are too many. */
function pathsOf(before: Acl, after: Acl, asked: PathPattern): readonly string[] | undefined {
  const near = new Map<string, PathPattern>()
  for (const rule of [...before.rules, ...after.rules]) if (interplay(rule, asked)) near.set(patternKey(rule), rule)
  try {
    const automaton = automatonOf([asked, ...near.values(), ...sudoPatternsNear([asked], after.server)])
    const ways = new Set<string>()
    return automaton.states.flatMap(({ whole }) => {
      const way = whole.join()
      if (!whole.includes(0) || ways.has(way)) return []
      ways.add(way)
      const found = pathTo(automaton, (state) => state.id !== 0 && state.whole.join() === way)
      return found === undefined ? [] : [found.path]
    })
  } catch (error) {
    if (error instanceof TooManyStates) return undefined
    throw error
  }
}
