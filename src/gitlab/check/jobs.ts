import { extendJobs } from './extends.ts'
import { type ExpansionBudget, newExpansionBudget, TooMuch } from './merge.ts'
import { resolveReferences } from './references.ts'
import {
  type CiEntry,
  type CiMap,
  type CiPlace,
  type CiProblem,
  type CiValue,
  entriesOf,
  get,
  textsOf,
} from './value.ts'

/** A job as GitLab makes it of the files: `extends`, `!reference` and `default` filled in. */
export interface CiJob {
  readonly name: string
  /** Where its name is written. */
  readonly at: CiPlace
  /** Begins with a dot: a template. */
  readonly hidden: boolean
  readonly keys: CiMap
  /** The job's own and those of all jobs, as far as it inherits them. */
  readonly variables: ReadonlyMap<string, CiEntry>
  /** All of it was read: what it does not say, no file says. */
  readonly whole: boolean
}

export interface CiPipeline {
  /** Of what is written at the top, with everything filled in. */
  readonly root: CiMap
  /** Those that run, and the hidden ones that none of them is made of. */
  readonly jobs: readonly CiJob[]
  /** Names of all jobs, hidden ones included. */
  readonly names: readonly string[]
  readonly problems: readonly CiProblem[]
}

/** Top-level keys that are no jobs. Source: lib/gitlab/ci/config/entry/root.rb. */
const globals = new Set([
  'default',
  'include',
  'before_script',
  'after_script',
  'image',
  'services',
  'variables',
  'stages',
  'types',
  'cache',
  'workflow',
  'spec',
])

/** Keys that a job takes from `default` where it has none of its own. Source: lib/gitlab/ci/config/entry/default.rb. */
const inherited = [
  'before_script',
  'after_script',
  'image',
  'services',
  'cache',
  'interruptible',
  'timeout',
  'retry',
  'tags',
  'artifacts',
  'hooks',
  'id_tokens',
  'identity',
]

/** The old way to say some of the defaults. */
const topLevelDefaults = ['before_script', 'after_script', 'image', 'services', 'cache']

/**
 * @param written all files merged into one
 * @param partial whether some includes were not read
 */
export function expandPipeline(written: CiMap, partial: boolean): CiPipeline {
  const budget = newExpansionBudget()
  try {
    return expand(written, partial, budget)
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    const message = 'extends and !reference blow these files up beyond what can be checked'
    const problem: CiProblem = { code: 'too-much', severity: 'error', message, place: written.at, help: 'Repeat less.' }
    return { root: written, jobs: [], names: [], problems: [problem] }
  }
}

function expand(written: CiMap, partial: boolean, budget: ExpansionBudget): CiPipeline {
  const { root: merged, bases, incomplete, problems } = extendJobs(written, { partial, budget })
  const { root, problems: more } = resolveReferences(merged, { partial, budget })
  const named = [...root.entries].filter(([name]) => isJob(name))
  const referred = referredJobs(merged)
  const jobs = named.flatMap(([name, { key, value }]) => {
    if (value.type !== 'map') return []
    const hidden = name.startsWith('.')
    if (hidden && (bases.has(name) || referred.has(name))) return []
    return [jobOf(root, { name, at: key, hidden, keys: value, whole: !hidden && !incomplete.has(name) && !partial })]
  })
  return { root, jobs, names: named.map(([name]) => name), problems: [...problems, ...more] }
}

function isJob(name: string): boolean {
  return !globals.has(name)
}

function referredJobs(root: CiMap): ReadonlySet<string> {
  const found = new Set<string>()
  const seen = new Set<CiValue>()
  const look = (value: CiValue): void => {
    if (value.type === 'reference') found.add(value.path[0] ?? '')
    if (value.type === 'scalar' || seen.has(value)) return
    seen.add(value)
    if (value.type === 'list') for (const item of value.items) look(item)
    if (value.type === 'map') for (const entry of value.entries.values()) look(entry.value)
  }
  look(root)
  return found
}

function jobOf(root: CiMap, job: Omit<CiJob, 'variables'>): CiJob {
  const keys = new Map(job.keys.entries)
  for (const name of inherited) {
    if (keys.has(name) || !inherits(job.keys, 'default', name)) continue
    const entry = defaultOf(root, name)
    if (entry !== undefined) keys.set(name, entry)
  }
  const variables = new Map<string, CiEntry>()
  for (const [name, entry] of entriesOf(get(root, 'variables')))
    if (inherits(job.keys, 'variables', name)) variables.set(name, entry)
  for (const [name, entry] of entriesOf(get(job.keys, 'variables'))) variables.set(name, entry)
  return { ...job, keys: { ...job.keys, entries: keys }, variables }
}

function defaultOf(root: CiMap, name: string): CiEntry | undefined {
  const value = get(root, 'default')
  const entry = value?.type === 'map' ? value.entries.get(name) : undefined
  return entry ?? (topLevelDefaults.includes(name) ? root.entries.get(name) : undefined)
}

/** `inherit: { default: false }`, or a list of the keys that are. */
function inherits(job: CiMap, what: 'default' | 'variables', name: string): boolean {
  const said = get(job, 'inherit', what)
  if (said === undefined) return true
  if (said.type === 'scalar') return said.value !== false
  return textsOf(said).some(({ text }) => text === name)
}
