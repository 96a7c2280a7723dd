import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FieldPath } from '../core/kind.ts'
import type { Loading } from './draft.ts'
import { typeName } from './explain.ts'
import { type Layer, placeIn } from './merge.ts'
import { fetchText, fileReference } from './references.ts'
import type { Scope } from './scope.ts'
import type { Place } from './text.ts'
import { compile, fillTemplate } from './variables.ts'
import { singleDocument, type YamlDocument } from './yaml.ts'

/** One entry of `for_each`: the variables of one role. */
export interface Entry {
  readonly variables: JsonObject
  readonly place: Place
  readonly placeOf: (variable: string, what?: 'key') => Place
}

/** A list of maps, inline or in a file of its own; what is wrong with it is reported. */
export function readEntries(value: JsonValue, layers: readonly Layer[], scope: Scope, loading: Loading): Entry[] {
  const place = (path: FieldPath, what?: 'key') => placeIn(layers, ['for_each', ...path], what)
  if (Array.isArray(value)) return entriesOf(value, place, scope)
  const failed: FieldPath[] = []
  const { problems } = loading.surroundings
  const filled = fillTemplate(compile(value, { problems, place, keep: () => false }), scope, failed)
  if (failed.length > 0) return []
  if (Array.isArray(filled)) return entriesOf(filled, place, scope)
  const path = fileReference(filled)
  if (path === undefined) {
    problems.error(
      'wrong-type',
      `for_each: expected a list of maps or { file: path }, got ${typeName(filled)}`,
      place([]),
      typeof filled === 'string' ? { help: `Write { file: ${filled} }.` } : {},
    )
    return []
  }
  const document = documentAt(path, place(['file']), scope, loading)
  if (document === undefined) return []
  if (Array.isArray(document.value))
    return entriesOf(document.value, (inner, what) => document.find(inner)[what ?? 'place'], scope)
  problems.error('wrong-type', `expected a list of maps, got ${typeName(document.value)}`, document.find([]).place, {
    related: [{ message: 'for_each reads it here', place: place(['file']) }],
  })
  return []
}

/** Each file is parsed once, however many environments read it. */
function documentAt(path: string, place: Place, { use }: Scope, loading: Loading): YamlDocument | undefined {
  const file = fetchText(path, loading.library, place, { use })
  if (file === undefined) return undefined
  if (!loading.documents.has(path))
    loading.documents.set(path, singleDocument(file, loading.surroundings.problems, loading.secretNames))
  return loading.documents.get(path)
}

function entriesOf(list: readonly JsonValue[], place: (path: FieldPath, what?: 'key') => Place, scope: Scope): Entry[] {
  if (list.length === 0)
    scope.surroundings.problems.warning('empty-for-each', 'for_each is empty: this describes no role', place([]), {
      help: 'Give it an entry, or remove the document.',
      use: scope.use,
    })
  return list.flatMap((item, index) => {
    const at = String(index)
    if (isObject(item))
      return [{ variables: item, place: place([at]), placeOf: (name: string, what?: 'key') => place([at, name], what) }]
    scope.surroundings.problems.error(
      'wrong-type',
      `an entry of for_each: expected a map, got ${typeName(item)}`,
      place([at]),
    )
    return []
  })
}
