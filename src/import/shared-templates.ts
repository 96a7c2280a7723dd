import { groupBy } from '../core/group-by.ts'
import { byText, isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { substituted, wordsOf } from './alike.ts'
import type { FoundPolicy, PolicyFile, PolicyFiles } from './policies.ts'
import type { FoundRole, RoleDocument } from './roles.ts'
import { commonOfTemplates, literalText, reference, splitAtWords } from './template-text.ts'

/** What is known of all roles and policies while some of them come to share a file. */
export interface Sharing {
  readonly files: Map<string, PolicyFile>
  readonly users: Users
  readonly policies: PolicyFiles
  readonly mayFold: (policy: FoundPolicy) => boolean
}

export function sharingOf(
  documents: readonly RoleDocument[],
  policies: PolicyFiles,
  mayFold: (policy: FoundPolicy) => boolean,
): Sharing {
  const files = new Map(policies.files.map((file) => [file.name, file]))
  return { files, users: usersOf(documents), policies, mayFold }
}

/**
 * Policies that roles of one list have each to themselves and that differ as the entries of the list do become one file,
 * filled in for each role. A file that anybody else names as well stays.
 */
export function shareTemplates(
  documents: readonly RoleDocument[],
  sharing: Sharing,
): { readonly roles: readonly RoleDocument[]; readonly policies: readonly PolicyFile[] } {
  const roles = documents.map((document) => {
    const items = itemsOf(document).map((item) => shareOne(item, document, sharing) ?? item)
    return items.length === 0 ? document : { ...document, base: { ...document.base, token_policies: items } }
  })
  return { roles, policies: [...sharing.files.values()].sort((a, b) => byText(a.name, b.name)) }
}

/** How many of the policies of such a document would become one file. */
export function countShareable(document: RoleDocument, sharing: Sharing): number {
  return itemsOf(document).filter((item) => commonFile(item, document, sharing) !== undefined).length
}

/** Policies of a list of roles; none where an override has others. */
function itemsOf({ entries, base, overrides }: RoleDocument): readonly JsonValue[] {
  const items = base['token_policies']
  const overridden = [...overrides.values()].some((override) => 'token_policies' in override)
  return entries !== undefined && Array.isArray(items) && !overridden ? items : []
}

type Users = ReadonlyMap<string, readonly FoundRole[]>

/** Who names a policy, by its environment and name. */
function usersOf(documents: readonly RoleDocument[]): Users {
  const uses = documents.flatMap(({ describes }) =>
    describes.flatMap((role) => namesIn(role.value).map((name) => ({ role, key: `${role.environment}\0${name}` }))),
  )
  return new Map([...groupBy(uses, ({ key }) => key)].map(([key, of]) => [key, of.map(({ role }) => role)]))
}

function namesIn({ token_policies: items }: JsonObject): string[] {
  return Array.isArray(items) ? items.map((item: JsonValue) => (isObject(item) ? nameIn(item) : String(item))) : []
}

function nameIn(item: JsonObject): string {
  return String(item['name']).replaceAll('$${', '${')
}

/** The files of one policy of each role, and what they have in common. */
interface CommonFile {
  readonly name: string
  readonly own: readonly PolicyFile[]
  readonly text: string
}

function commonFile(item: JsonValue, document: RoleDocument, sharing: Sharing): CommonFile | undefined {
  const { entries = [] } = document
  const [name, file] = isObject(item) ? [item['name'], item['template']] : [item, item]
  if (typeof name !== 'string' || typeof file !== 'string') return undefined
  const own = entries.map((entry) => sharing.files.get(String(substituted(file, entry))))
  if (!own.every((found) => found !== undefined) || new Set(own).size !== own.length || own.length < 2) return undefined
  if (!own.every((found) => isForThese(found, document, sharing))) return undefined
  const text = commonText(own, entries)
  return text === undefined ? undefined : { name, own, text }
}

/** What stands in the list instead; undefined where the policies stay apart. */
function shareOne(item: JsonValue, document: RoleDocument, sharing: Sharing): JsonValue | undefined {
  const found = commonFile(item, document, sharing)
  if (found === undefined) return undefined
  const { name, own, text } = found
  for (const { name } of own) sharing.files.delete(name)
  const template = sharing.policies.names.take(templateName(name, document.file))
  sharing.files.set(template, { name: template, text, describes: own.flatMap(({ describes }) => describes) })
  return { name, template: literalText(template) }
}

/** Whether only roles of this document name the policies of the file. */
function isForThese({ describes }: PolicyFile, document: RoleDocument, { users, mayFold }: Sharing): boolean {
  const mine = new Set(document.describes)
  return describes.every((policy) => {
    const roles = users.get(`${policy.environment}\0${policy.name}`) ?? []
    return roles.length > 0 && roles.every((role) => mine.has(role)) && mayFold(policy)
  })
}

/** The texts as one template of the entries' variables, one after the other. */
function commonText(files: readonly PolicyFile[], entries: readonly JsonObject[]): string | undefined {
  let texts: readonly string[] = files.map(({ text }) => text)
  for (const variable of Object.keys(entries[0] ?? {})) {
    const words = wordsOf(entries, variable)
    if (words === undefined) continue
    const template = commonOfTemplates(new Map(texts.map((text, at) => [String(at), text])), words, variable)
    if (template !== undefined) return template
    texts = withReferences(texts, [...words.values()], variable)
  }
  return undefined
}

/** The texts with the variable wherever each of them has its own value; what else differs stays. */
function withReferences(texts: readonly string[], words: readonly string[], variable: string): readonly string[] {
  const split = texts.map((text, at) => splitAtWords(text, [words[at] as string]))
  // Behind a "$" the reference would be read as a "${" of the text's own.
  const escaping = split.some((parts) =>
    parts.some((part, at) => at % 2 === 0 && at < parts.length - 1 && part.endsWith('$')),
  )
  if (escaping || split.some(({ length }) => length !== split[0]?.length)) return texts
  return split.map((parts) => parts.map((part, at) => (at % 2 === 0 ? part : reference(variable))).join(''))
}

/** `${name}-read` in roles/shops.yaml → `shops-read`. */
function templateName(name: string, file: string): string {
  const words = name
    .split(/\$\{[\w-]+\}/)
    .map((part) => part.replace(/^[-_./:]+|[-_./:]+$/g, ''))
    .filter((part) => part !== '')
  return [file, ...words.filter((word) => !file.split(/[-_.]/).includes(word))].join('-')
}
