import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { typeName } from './explain.ts'
import type { Problems } from './problems.ts'
import { suggestName } from './suggest.ts'
import { type Place, quoted } from './text.ts'
import type { YamlDocument } from './yaml.ts'

/** An environment that a role document names. */
export interface NamedEnvironment {
  readonly environment: string
  /** What is merged over the rest of the document. */
  readonly override: JsonObject | undefined
  readonly place: Place
}

interface Known {
  readonly environments: ReadonlyMap<string, unknown>
  readonly loading: { readonly surroundings: { readonly problems: Problems } }
}

/**
 * `environments` of a role document: a list of names, or a map from names to overrides. Whoever leaves it out would grant
 * access everywhere by forgetting a line, so it is required.
 */
export function readUses(document: YamlDocument, value: JsonObject, known: Known): NamedEnvironment[] {
  const { problems } = known.loading.surroundings
  const names = [...known.environments.keys()].sort(byText)
  const written = value['environments']
  const place = document.find(['environments']).place
  const list = `Environments are: ${names.join(', ')}.`
  if (written === undefined) {
    const message = 'the key "environments" is missing: a role is only where its file says'
    problems.error('missing-key', message, place, { help: `Name the environments it is for. ${list}` })
    return []
  }
  const named = Array.isArray(written) ? fromList(document, written, problems) : fromMap(document, written, problems)
  if (named?.length === 0) problems.error('invalid-value', 'environments: names no environment', place, { help: list })
  return (named ?? []).filter(({ environment, place }) => {
    if (known.environments.has(environment)) return true
    problems.error('unknown-environment', `there is no environment ${quoted(environment)}`, place, {
      help: suggestName(environment, names, list),
    })
    return false
  })
}

function fromList(
  document: YamlDocument,
  list: readonly JsonValue[],
  problems: Problems,
): NamedEnvironment[] | undefined {
  const named = new Map<string, NamedEnvironment>()
  let good = true
  for (const [index, environment] of list.entries()) {
    const { place } = document.find(['environments', String(index)])
    if (typeof environment === 'string') named.set(environment, { environment, override: undefined, place })
    else {
      good = false
      problems.error('wrong-type', `environments: expected a string, got ${typeName(environment)}`, place)
    }
  }
  return good || named.size > 0 ? [...named.values()] : undefined
}

function fromMap(document: YamlDocument, written: JsonValue, problems: Problems): NamedEnvironment[] | undefined {
  if (!isObject(written)) {
    const message = `environments: expected a list of names or a map of overrides, got ${typeName(written)}`
    problems.error('wrong-type', message, document.find(['environments']).place)
    return undefined
  }
  return Object.entries(written).map(([environment, override]) => {
    const { place, key } = document.find(['environments', environment])
    if (override !== null && !isObject(override))
      problems.error('wrong-type', `environments.${environment}: expected a map, got ${typeName(override)}`, place)
    const over = isObject(override) ? withoutNesting(document, environment, override, problems) : undefined
    return { environment, override: over, place: key }
  })
}

function withoutNesting(
  document: YamlDocument,
  environment: string,
  override: JsonObject,
  problems: Problems,
): JsonObject {
  const { environments, ...rest } = override
  if (environments !== undefined)
    problems.error(
      'unknown-key',
      'environments cannot stand inside an environment',
      document.find(['environments', environment, 'environments']).key,
      { help: 'Write it once, at the top of the document.' },
    )
  return rest
}
