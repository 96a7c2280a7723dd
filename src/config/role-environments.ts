import { formatField } from '../core/change.ts'
import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import { typeName } from './explain.ts'
import { merge } from './merge.ts'
import type { Problems } from './problems.ts'
import { environmentsAre, nearest, suggestKey, suggestName } from './suggest.ts'
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
  const list = environmentsAre(names)
  if (written === undefined) {
    const near = nearest('environments', Object.keys(value), 2)
    if (near !== undefined) {
      problems.error('unknown-key', `unknown key ${quoted(near)}`, document.find([near]).key, {
        help: `Did you mean "environments"? ${list}`,
      })
      return []
    }
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

/**
 * The document as it is in one environment.
 * @param valid all keys that the document may have
 */
export function overlaid(
  document: YamlDocument,
  base: JsonObject,
  { environment, override }: NamedEnvironment,
  valid: readonly string[],
  problems: Problems,
): JsonObject {
  if (override === undefined) return base
  return merge(base, override, (oddity, path) => {
    const { place, key } = document.find(['environments', environment, ...path])
    if (oddity === 'removes-nothing') reportNothing(path, base, valid, key, problems)
    else reportText(path, place, document.find(path).place, problems)
  })
}

function reportNothing(
  path: FieldPath,
  base: JsonObject,
  valid: readonly string[],
  place: Place,
  problems: Problems,
): void {
  const name = path.at(-1) as string
  if (path.length === 1 && !valid.includes(name)) {
    problems.error('unknown-key', `unknown key ${quoted(name)}`, place, { help: suggestKey(name, valid) })
    return
  }
  const message = `null removes a key, but the rest of the document has no ${quoted(formatField(path))}`
  problems.warning('removes-nothing', message, place, {
    help: suggestName(name, keysOf(base, path.slice(0, -1)), 'Remove the line.'),
  })
}

function keysOf(base: JsonObject, path: FieldPath): string[] {
  const inner = path.reduce<JsonValue | undefined>((value, key) => (isObject(value) ? value[key] : undefined), base)
  return isObject(inner) ? Object.keys(inner) : []
}

/** The text may become a map, whose keys would be lost: a role with fewer bound claims is open to more jobs. */
function reportText(path: FieldPath, place: Place, base: Place, problems: Problems): void {
  const message = `${formatField(path)}: a map cannot be merged over a text that a variable fills in`
  problems.error('invalid-value', message, place, {
    help: 'Write both as maps, or let the variable have another value in this environment.',
    related: [{ message: 'the text is here', place: base }],
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
      problems.error('wrong-type', `environments: expected a string, got ${typeName(environment)}`, place, {
        ...(isObject(environment) ? { help: 'Drop the dash: a list has names only, a map has overrides.' } : {}),
      })
    }
  }
  return good || named.size > 0 ? [...named.values()] : undefined
}

function fromMap(document: YamlDocument, written: JsonValue, problems: Problems): NamedEnvironment[] | undefined {
  if (!isObject(written)) {
    const message = `environments: expected a list of names or a map of overrides, got ${typeName(written)}`
    problems.error('wrong-type', message, document.find(['environments']).place, {
      ...(typeof written === 'string' ? { help: `Write [${written}].` } : {}),
    })
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
