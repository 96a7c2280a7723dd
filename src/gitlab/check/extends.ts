import { nearest } from '../../core/nearest.ts'
import { costOfStep, deepMerge, type ExpansionBudget, spend } from './merge.ts'
import { type CiEntry, type CiMap, type CiPlace, type CiProblem, type CiValue, flatItems, textOf } from './value.ts'

/** Whatever is extended may itself extend so many more in a row. Source: lib/gitlab/ci/config/extendable/entry.rb. */
const deepest = 10

export interface Extended {
  readonly root: CiMap
  /** Names of jobs that others extend. */
  readonly bases: ReadonlySet<string>
  /** Names of jobs of which a part is not known, because what they extend is not there. */
  readonly incomplete: ReadonlySet<string>
  readonly problems: readonly CiProblem[]
}

interface Extending {
  readonly root: CiMap
  readonly budget: ExpansionBudget
  /** Whether files that were not read may hold what is missing. */
  readonly partial: boolean
  readonly done: Map<string, CiMap>
  readonly bases: Set<string>
  readonly incomplete: Set<string>
  readonly problems: CiProblem[]
}

/** `extends` of every job: the bases deep-merged in their order, the job over them. */
export function extendJobs(root: CiMap, { partial, budget }: Pick<Extending, 'partial' | 'budget'>): Extended {
  const state: Extending = {
    root,
    budget,
    partial,
    done: new Map(),
    bases: new Set(),
    incomplete: new Set(),
    problems: [],
  }
  const entries = new Map<string, CiEntry>()
  for (const [name, { key, value }] of root.entries)
    entries.set(name, { key, value: value.type === 'map' ? extended(name, value, [name], state) : value })
  const { bases, incomplete, problems } = state
  return { root: { ...root, entries }, bases, incomplete, problems }
}

function extended(name: string, job: CiMap, chain: readonly string[], state: Extending): CiMap {
  const known = state.done.get(name)
  if (known !== undefined) return known
  const extension = job.entries.get('extends')
  const problems = state.problems.length
  const result = extension === undefined ? job : merged(name, job, extension.value, chain, state)
  // What a chain that is too long or runs in circles left out is not what another chain would give.
  if (chain.length === 1 || state.problems.length === problems) state.done.set(name, result)
  return result
}

function merged(name: string, job: CiMap, extension: CiValue, chain: readonly string[], state: Extending): CiMap {
  const bases = flatItems(extension).flatMap((item) => {
    const base = baseOf(textOf(item), item.at, chain, state)
    if (base === undefined) state.incomplete.add(name)
    else if (state.incomplete.has(textOf(item) ?? '')) state.incomplete.add(name)
    return base === undefined ? [] : [base]
  })
  const own = new Map(job.entries)
  own.delete('extends')
  return [...bases, { ...job, entries: own }].reduce((under, over) => deepMerge(under, over, state.budget))
}

function baseOf(base: string | undefined, at: CiPlace, chain: readonly string[], state: Extending): CiMap | undefined {
  const refuse = (code: string, message: string, help: string, severity: CiProblem['severity'] = 'error') => {
    state.problems.push({ code, severity, message, place: at, help })
    return undefined
  }
  if (base === undefined)
    return refuse('extends-invalid', 'extends takes names of jobs', 'Write a name or a list of names.')
  spend(state.budget, costOfStep)
  state.bases.add(base)
  const value = state.root.entries.get(base)?.value
  if (value?.type !== 'map') return missingBase(base, state, refuse)
  if (chain.includes(base))
    return refuse('extends-cycle', `${[...chain, base].join(' extends ')}: a circle`, 'Take one of these extends away.')
  if (chain.length > deepest)
    return refuse('extends-deep', `extends goes more than ${deepest + 1} levels deep`, 'Extend fewer jobs in a row.')
  return extended(base, value, [...chain, base], state)
}

type Refuse = (code: string, message: string, help: string, severity?: CiProblem['severity']) => undefined

function missingBase(base: string, { root, partial }: Extending, refuse: Refuse): undefined {
  if (partial)
    return refuse(
      'extends-not-read',
      `${JSON.stringify(base)} is in none of the files that are read here`,
      'An include that is not read may hold it; what it brings is not checked.',
      'info',
    )
  const near = nearest(base, root.entries.keys())
  const help = near === undefined ? 'Include the file that holds it.' : `Did you mean ${JSON.stringify(near)}?`
  return refuse('extends-unknown', `no job is called ${JSON.stringify(base)}`, help)
}
