import type { PathAutomaton, PathState } from './automaton.ts'

/**
 * The most ordinary path that ends in one of the wanted states: first without empty segments and without a slash at the
 * end, then with whatever it takes. Undefined where no path does.
 */
export function pathTo(automaton: PathAutomaton, wanted: (state: PathState) => boolean): Found | undefined {
  const isEmpty = ({ id }: PathState) => id === 0 && automaton.prefix === ''
  return (
    search(automaton, (state) => !isEmpty(state) && state.stripped === undefined && wanted(state), false) ??
    search(automaton, (state) => !isEmpty(state) && wanted(state), false) ??
    search(automaton, wanted, true)
  )
}

/** A path and the state it ends in. */
export interface Found {
  readonly path: string
  readonly id: number
}

interface Step {
  readonly from: number
  readonly character: string
}

function search(
  automaton: PathAutomaton,
  wanted: (state: PathState) => boolean,
  emptySegments: boolean,
): Found | undefined {
  const { states, filler } = automaton
  const reached = new Map<number, Step | undefined>([[0, undefined]])
  for (const id of reached.keys()) {
    const state = states[id] as PathState
    if (wanted(state)) return { path: automaton.prefix + spell(reached, id), id }
    for (const [character, to] of state.edges) {
      const empty = character === '/' && state.stripped !== undefined
      if (!reached.has(to) && (emptySegments || !empty)) reached.set(to, { from: id, character })
    }
    if (!reached.has(state.other)) reached.set(state.other, { from: id, character: filler })
  }
  return undefined
}

function spell(reached: ReadonlyMap<number, Step | undefined>, end: number): string {
  const characters: string[] = []
  for (let step = reached.get(end); step !== undefined; step = reached.get(step.from)) characters.push(step.character)
  return characters.reverse().join('')
}
