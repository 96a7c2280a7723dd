import { costOfStep, type ExpansionBudget, sizeOf, spend } from './merge.ts'
import type { CiEntry, CiMap, CiProblem, CiReference, CiValue } from './value.ts'

/** References in references go so deep. Source: lib/gitlab/ci/config/yaml/tags/resolver.rb. */
const deepest = 10

interface Resolving {
  readonly root: CiMap
  readonly budget: ExpansionBudget
  readonly partial: boolean
  readonly problems: CiProblem[]
  readonly done: Map<string, CiValue>
  /** The references that are being resolved, outermost first. */
  readonly open: string[]
}

/** Every `!reference` replaced by what it names; it is looked up after `extends`. */
export function resolveReferences(
  root: CiMap,
  { budget, partial }: Pick<Resolving, 'budget' | 'partial'>,
): { readonly root: CiMap; readonly problems: readonly CiProblem[] } {
  const problems: CiProblem[] = []
  const state: Resolving = { root, budget, partial, problems, done: new Map(), open: [] }
  const resolved = resolve(root, state)
  return { root: resolved.type === 'map' ? resolved : root, problems }
}

/** What holds no reference is the same value afterwards, so that most of a file is never copied. */
function resolve(value: CiValue, state: Resolving): CiValue {
  if (value.type === 'reference') return target(value, state)
  if (value.type === 'scalar' || !holdsReference(value)) return value
  const resolved: CiValue =
    value.type === 'list'
      ? { ...value, items: value.items.map((item) => resolve(item, state)) }
      : { ...value, entries: resolvedEntries(value, state) }
  spend(state.budget, sizeOf(resolved))
  return resolved
}

function resolvedEntries({ entries }: CiMap, state: Resolving): ReadonlyMap<string, CiEntry> {
  return new Map([...entries].map(([name, { key, value }]) => [name, { key, value: resolve(value, state) }]))
}

const holding = new WeakMap<CiValue, boolean>()

function holdsReference(value: CiValue): boolean {
  if (value.type === 'reference') return true
  if (value.type === 'scalar') return false
  const known = holding.get(value)
  if (known !== undefined) return known
  const parts = value.type === 'list' ? value.items : [...value.entries.values()].map((entry) => entry.value)
  const found = parts.some(holdsReference)
  holding.set(value, found)
  return found
}

function target(reference: CiReference, state: Resolving): CiValue {
  const key = JSON.stringify(reference.path)
  const known = state.done.get(key)
  if (known !== undefined) return known
  const nothing: CiValue = { type: 'scalar', value: null, at: reference.at }
  const refuse = (code: string, message: string, help: string, severity: CiProblem['severity'] = 'error') => {
    state.problems.push({ code, severity, message, place: reference.at, help })
    return nothing
  }
  const name = `!reference [${reference.path.join(', ')}]`
  if (state.open.includes(key)) return refuse('reference-cycle', `${name} contains itself`, 'Write the part out once.')
  if (state.open.length >= deepest)
    return refuse('reference-deep', `${name} goes more than ${deepest} references deep`, 'Refer to the part itself.')
  spend(state.budget, costOfStep)
  const problems = state.problems.length
  state.open.push(key)
  const found = lookUp(reference.path, state)
  const result = found && resolve(found, state)
  state.open.pop()
  if (result !== undefined) {
    // A chain that is cut short inside another one may still be whole by itself.
    if (state.open.length === 0 || state.problems.length === problems) state.done.set(key, result)
    return result
  }
  return state.partial
    ? refuse('reference-not-read', `${name} names what is in none of the files that are read here`, notRead, 'info')
    : refuse('reference-unknown', `${name} names nothing`, 'Is the job there, with that key?')
}

const notRead = 'An include that is not read may hold it; what it brings is not checked.'

function lookUp(path: readonly string[], state: Resolving): CiValue | undefined {
  let value: CiValue | undefined = state.root
  for (const name of path) {
    if (value?.type === 'reference') value = target(value, state)
    value = value?.type === 'map' ? value.entries.get(name)?.value : undefined
  }
  return path.length === 0 ? undefined : value
}
