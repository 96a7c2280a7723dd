import {
  type CiEntry,
  type CiMap,
  type CiProblem,
  type CiValue,
  entriesOf,
  get,
  textOf,
} from '../../gitlab/check/value.ts'
import type { CiSource } from './values.ts'

/** `$[[ inputs.name | function ]]` in a value or a key. */
const interpolation = /\$\[\[\s*inputs\.([\w-]+)\s*((?:\|[^|\]]*)*)\]\]/g

/**
 * The content of a file with its inputs filled in: those that the include gives, then the defaults of `spec:`. An input
 * that has neither stays as it is written, and counts as unknown.
 */
export function fillInputs({ header, content }: CiSource, given: CiMap | undefined, problems: CiProblem[]): CiMap {
  if (header === undefined) return content
  const inputs = new Map<string, CiValue>()
  for (const [name, { key, value }] of entriesOf(get(header, 'spec', 'inputs'))) {
    const found = get(given, name) ?? get(value, 'default')
    if (found !== undefined) inputs.set(name, found)
    const allowed = get(value, 'options')
    const wrong =
      found?.type === 'scalar' &&
      allowed?.type === 'list' &&
      !allowed.items.some((item) => textOf(item) === textOf(found))
    if (wrong)
      problems.push({
        code: 'input-option',
        severity: 'error',
        message: `the input ${JSON.stringify(name)} has a value that is none of its options`,
        place: found?.at ?? key,
      })
  }
  for (const [name, { key }] of entriesOf(given))
    if (
      get(header, 'spec', 'inputs') === undefined ||
      !entriesOf(get(header, 'spec', 'inputs')).some(([known]) => known === name)
    )
      problems.push({
        code: 'input-unknown',
        severity: 'error',
        message: `the file that is included here has no input ${JSON.stringify(name)}`,
        place: key,
      })
  return filled(content, inputs) as CiMap
}

type Inputs = ReadonlyMap<string, CiValue>

function filled(value: CiValue, inputs: Inputs): CiValue {
  switch (value.type) {
    case 'scalar':
      return typeof value.value === 'string' && value.value.includes('$[[')
        ? filledText(value.value, value, inputs)
        : value
    case 'list':
      return { ...value, items: value.items.map((item) => filled(item, inputs)) }
    case 'map':
      return { ...value, entries: filledEntries(value, inputs) }
    case 'reference':
      return { ...value, path: value.path.map((part) => filledKey(part, inputs)) }
  }
}

function filledEntries({ entries }: CiMap, inputs: Inputs): ReadonlyMap<string, CiEntry> {
  return new Map(
    [...entries].map(([name, { key, value }]) => [filledKey(name, inputs), { key, value: filled(value, inputs) }]),
  )
}

/** A value that is nothing but one input has the input's type. */
function filledText(text: string, value: CiValue, inputs: Inputs): CiValue {
  const [whole, name = '', functions = ''] = [...text.matchAll(interpolation)][0] ?? []
  const found = inputs.get(name)
  if (whole === text && functions.trim() === '' && found !== undefined)
    return found.type === 'scalar' ? { ...found, at: value.at } : found
  return { type: 'scalar', value: filledKey(text, inputs), at: value.at }
}

function filledKey(text: string, inputs: Inputs): string {
  return text.replace(interpolation, (whole, name: string, functions: string) => {
    const found = textOf(inputs.get(name))
    return found === undefined ? whole : (applied(found, functions) ?? whole)
  })
}

/** Undefined where a function is not known here, or gives what only GitLab knows. */
function applied(text: string, functions: string): string | undefined {
  let result = text
  for (const call of functions
    .split('|')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [, from, length] = /^truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(call) ?? []
    if (from !== undefined) result = result.slice(Number(from), Number(from) + Number(length))
    else if (call !== 'expand_vars') return undefined
  }
  return result
}
