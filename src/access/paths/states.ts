import { capabilities } from '../../core/capability.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import type { Capability } from '../policy/policy.ts'
import { automatonOf, type PathAutomaton, type PathState } from './automaton.ts'
import type { PathComparison, PathPiece } from './compare.ts'
import { demandsOf, isAltered } from './demands.ts'
import { describeStates, viewOf } from './describe.ts'
import { bit, capabilitiesIn, orderOf, ruleFor, type Standing, standingAt } from './grants.ts'
import type { PathPattern } from './pattern.ts'
import type { Place, Servers } from './touching.ts'
import { pathTo } from './witness.ts'

/** By the states of all paths, for patterns that touch each other or paths that need `sudo`. */
export function compareByStates(
  servers: Servers,
  places: readonly Place[],
  nearSudo: readonly PathPattern[],
): PathComparison {
  const automaton = automatonOf([...places, ...nearSudo])
  const orders = servers.map((server, i) => orderOf(rulesAt(places, i), server))
  const standings = automaton.states.map((state) => {
    const needsSudo = state.whole.some((pattern) => pattern >= places.length)
    return orders.map((order, i) => standingAt(order, state, (pattern) => places[pattern]?.rules[i], needsSudo))
  })
  return {
    gained: piecesOf(automaton, (id) => gainedBits(standings[id] ?? []), standings),
    altered: servers.length > 1 ? alteredPieces(automaton, standings, servers[0]) : [],
  }
}

function rulesAt(places: readonly Place[], side: number): readonly MergedRule[] {
  return places.flatMap(({ rules }) => rules[side] ?? [])
}

function gainedBits([first, ...others]: readonly Standing[]): number {
  return (first?.bits ?? 0) & ~others.reduce((sum, { bits }) => sum | bits, 0)
}

/** Each capability's states in words, apart by the rule that decides where that matters to whoever reads it. */
function piecesOf(
  automaton: PathAutomaton,
  bitsAt: (state: number) => number,
  standings: readonly (readonly Standing[])[],
): PathPiece[] {
  const pieces: PathPiece[] = []
  const present = automaton.states.reduce((sum, { id }) => sum | bitsAt(id), 0)
  for (const capability of capabilitiesIn(present)) {
    const wanted = automaton.states.filter(({ id }) => (bitsAt(id) & bit(capability)) !== 0).map(({ id }) => id)
    if (wanted.length > 0) pieces.push(...describePieces(automaton, new Set(wanted), capability, standings))
  }
  return pieces
}

function describePieces(
  automaton: PathAutomaton,
  wanted: ReadonlySet<number>,
  capability: Capability,
  standings: readonly (readonly Standing[])[],
): PathPiece[] {
  return describeStates(automaton, wanted, viewOf(capability)).map(({ text, states }) => {
    const inside = (state: PathState) => states.has(state.id) && wanted.has(state.id)
    const { path, id } = pathTo(automaton, inside) ?? { path: '', id: 0 }
    const rule = ruleFor(standings[id]?.[0] ?? { bits: 0 }, capability) as MergedRule
    return { path: text, capability, rule, witness: path }
  })
}

function alteredPieces(
  automaton: PathAutomaton,
  standings: readonly (readonly Standing[])[],
  server: ServerVersion,
): PathPiece[] {
  const pieces: PathPiece[] = []
  for (const capability of capabilities) {
    for (const [demands, states] of alteredStates(standings, capability, server)) {
      for (const piece of describePieces(automaton, states, capability, standings)) pieces.push({ ...piece, demands })
    }
  }
  return pieces
}

/** By what is demanded, so that no piece is about two different demands. */
function alteredStates(
  standings: readonly (readonly Standing[])[],
  capability: Capability,
  server: ServerVersion,
): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const [id, [first, ...others]] of standings.entries()) {
    const rule = first && (first.bits & bit(capability)) !== 0 ? ruleFor(first, capability) : undefined
    const having = others.filter(({ bits }) => (bits & bit(capability)) !== 0)
    if (rule === undefined || having.length === 0) continue
    const rules = having.map((standing) => ruleFor(standing, capability))
    if (!isAltered(rule, rules, capability, server)) continue
    const demands = demandsOf(rule, capability)
    found.set(demands, (found.get(demands) ?? new Set()).add(id))
  }
  return found
}
