import type { Alternative, Bound, RoleBounds } from '../login/bounds.ts'

/** Whom a role admits, in words: `project 42, no forks, branch main, protected refs`. */
export function whoOf(bounds: RoleBounds): string {
  const named = new Map(bounds.bounds.map((bound) => [bound.claim, bound]))
  if (tellsType(named.get('ref_path'), named.get('ref_type'))) named.delete('ref_type')
  const words = phrases.flatMap(({ claims, say }) => {
    const bound = named.get(claims[0] as string)
    const others = claims.slice(1).filter((claim) => sameBound(bound, named.get(claim)))
    if (bound === undefined) return []
    for (const claim of [claims[0] as string, ...others]) named.delete(claim)
    return [say(valuesOf(bound), others.length > 0)]
  })
  const rest = [...named.values()].map((bound) => `${bound.claim} ${valuesOf(bound)}`)
  const subject = bounds.subject === undefined ? [] : [`sub ${bounds.subject}`]
  const all = [...words, ...subject, ...rest]
  return all.length === 0 ? 'every token of the issuer' : all.join(', ')
}

interface Phrase {
  /** The claim that it is about, and those that say the same of the pipeline's own project. */
  readonly claims: readonly string[]
  say(values: string, both: boolean): string
}

/** In the order in which people think of a job: whose, where, how it came about. */
const phrases: readonly Phrase[] = [
  whose('project', 'project_id'),
  whose('project', 'project_path'),
  whose('group', 'namespace_id'),
  whose('group', 'namespace_path'),
  {
    claims: ['ref_path'],
    say: (values) =>
      `ref ${values.replaceAll('refs/heads/', 'branch ').replaceAll('refs/tags/', 'tag ')}`.replace(
        /^ref (branch|tag) /,
        '$1 ',
      ),
  },
  { claims: ['ref'], say: (values) => `ref ${values}` },
  { claims: ['ref_type'], say: (values) => `${values} pipelines` },
  { claims: ['ref_protected'], say: (values) => (values === 'true' ? 'protected refs' : `ref_protected ${values}`) },
  { claims: ['environment'], say: (values) => `environment ${values}` },
  {
    claims: ['environment_protected'],
    say: (values) => (values === 'true' ? 'protected environments' : `environment_protected ${values}`),
  },
  { claims: ['pipeline_source'], say: (values) => `started by ${values}` },
]

/** `job_…` is the project that runs the job, the other one that whose code it runs: a fork has two of them. */
function whose(noun: 'project' | 'group', claim: string): Phrase {
  const both = noun === 'project' ? ', no forks' : ', no forks outside it'
  return { claims: [claim, `job_${claim}`], say: (values, same) => `${noun} ${values}${same ? both : ''}` }
}

/** A full ref says already whether it is a branch or a tag. */
function tellsType(path: Bound | undefined, type: Bound | undefined): boolean {
  if (path === undefined || type === undefined) return false
  const prefix = { branch: 'refs/heads/', tag: 'refs/tags/' }[valuesOf(type)]
  return prefix !== undefined && path.alternatives.every((alternative) => textOf(alternative).startsWith(prefix))
}

function sameBound(a: Bound | undefined, b: Bound | undefined): boolean {
  return a !== undefined && b !== undefined && valuesOf(a) === valuesOf(b)
}

function valuesOf({ alternatives }: Bound): string {
  const texts = alternatives.map(textOf)
  return texts.length < 2 ? (texts[0] ?? 'of no value') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`
}

function textOf(alternative: Alternative): string {
  return 'glob' in alternative ? alternative.glob : String(alternative.equals)
}
