import type { CiJob } from './jobs.ts'
import { expand, known, type Pattern, type Variable, type Variables } from './pattern.ts'
import { type CiEntry, type CiPlace, type CiValue, entriesOf, flatItems, get, textOf } from './value.ts'

/** A job with the variables of one cell of its matrix and one of its rules. */
export interface JobCase {
  readonly variables: Variables
  /** What is known of `environment: name`; absent where the job has no environment. */
  readonly environment?: Pattern
}

/** GitLab makes no more jobs of one matrix. */
const mostCases = 200

export function casesOf(job: CiJob): readonly JobCase[] {
  const common = new Map([...job.variables].flatMap(([name, { value }]) => withText(name, value)))
  const cells = matrixOf(get(job.keys, 'parallel', 'matrix'))
  const byRules = ruleVariables(job)
  const cases = cells.flatMap((cell) => byRules.map((rule) => new Map<string, Variable>([...common, ...cell, ...rule])))
  return cases.slice(0, mostCases).map((variables) => withEnvironment(job, variables))
}

function withEnvironment(job: CiJob, given: Variables): JobCase {
  const variables = new Map(given).set('CI_JOB_NAME', { text: job.name, raw: true })
  const environment = environmentName(job)
  if (environment === undefined) return { variables }
  const name = expand(environment.text, variables)
  const whole = known(name)
  if (whole === undefined) return { variables, environment: name }
  return { variables: new Map(variables).set('CI_ENVIRONMENT_NAME', { text: whole, raw: true }), environment: name }
}

export function environmentName({ keys }: CiJob): { readonly text: string; readonly at: CiPlace } | undefined {
  const said = get(keys, 'environment')
  const value = said?.type === 'map' ? get(said, 'name') : said
  const text = textOf(value)
  return value === undefined || text === undefined ? undefined : { text, at: value.at }
}

function withText(name: string, value: CiValue): readonly (readonly [string, Variable])[] {
  const text = variableText(value)
  return text === undefined
    ? []
    : [[name, { text, raw: get(value, 'expand')?.type === 'scalar' && isFalse(get(value, 'expand')) }]]
}

function isFalse(value: CiValue | undefined): boolean {
  return value?.type === 'scalar' && value.value === false
}

/** A variable's value, which may stand beside its description. */
export function variableText(value: CiValue): string | undefined {
  return value.type === 'map' ? textOf(get(value, 'value')) : textOf(value)
}

export function variablePlace({ value }: CiEntry): CiPlace {
  return (value.type === 'map' ? get(value, 'value') : value)?.at ?? value.at
}

type Cell = readonly (readonly [string, Variable])[]

function matrixOf(matrix: CiValue | undefined): readonly Cell[] {
  const cells = flatItems(matrix).flatMap((part) => {
    let combined: Cell[] = [[]]
    for (const [name, { value }] of entriesOf(part)) {
      const texts = flatItems(value).flatMap((item) => textOf(item) ?? [])
      combined = combined.flatMap((cell) => texts.map((text): Cell => [...cell, [name, { text }]])).slice(0, mostCases)
    }
    return combined
  })
  return cells.length === 0 ? [[]] : cells.slice(0, mostCases)
}

/** Variables that a rule sets are set only where it is the one that counts; a rule that keeps the job away sets none. */
function ruleVariables({ keys }: CiJob): readonly Cell[] {
  const rules = flatItems(get(keys, 'rules')).filter((rule) => textOf(get(rule, 'when')) !== 'never')
  const cells = rules.map(
    (rule): Cell => entriesOf(get(rule, 'variables')).flatMap(([name, { value }]) => withText(name, value)),
  )
  const distinct = new Map(cells.map((cell) => [JSON.stringify(cell), cell]))
  return distinct.size === 0 ? [[]] : [...distinct.values()]
}
