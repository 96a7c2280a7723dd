import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import { parseTokens } from './yaml-tokens.ts'

/** A variable that a GitLab YAML sets itself. */
interface YamlVariable {
  readonly key: string
  readonly value: string
  /** Absent for all jobs. */
  readonly job?: string
}

/** A secret that a job or a template declares, as GitLab's `secrets` has it. */
export interface DeclaredSecret {
  readonly job: string
  readonly key: string
  readonly mount: string
  readonly path: string
  readonly field: string
}

export interface GitlabYaml {
  readonly variables: readonly YamlVariable[]
  readonly secrets: readonly DeclaredSecret[]
  /** By name of a job or template: what it takes over from others. */
  readonly extends: ReadonlyMap<string, readonly string[]>
}

const keywords = new Set(['default', 'include', 'stages', 'variables', 'workflow', 'spec', 'image', 'cache'])

/**
 * What a GitLab YAML says about variables and secrets, without following its includes. Undefined where it is no YAML; the
 * parser's words are kept away from everybody, because they quote the line.
 */
export function readGitlabVariables(text: string): GitlabYaml | undefined {
  const options = { version: '1.1', logLevel: 'silent', prettyErrors: false, uniqueKeys: false } as const
  const tokens = parseTokens(text)
  const documents = tokens && [...new Composer(options).compose(tokens)]
  if (documents === undefined || documents.some(({ errors }) => errors.length > 0)) return undefined
  const read = documents.map(readDocument)
  return {
    variables: read.flatMap(({ variables }) => variables),
    secrets: read.flatMap(({ secrets }) => secrets),
    extends: new Map(read.flatMap((one) => [...one.extends])),
  }
}

function readDocument(document: Document): GitlabYaml {
  const follow = following(document)
  const top = membersOf(document.contents, follow)
  const jobs = [...top].flatMap(([name, node]) => {
    const job = follow(node)
    return keywords.has(name) || !isMap(job) ? [] : [[name, membersOf(job, follow)] as const]
  })
  return {
    variables: [...variablesOf(top, follow), ...jobs.flatMap(([name, job]) => jobVariables(job, follow, name))],
    secrets: jobs.flatMap(([name, job]) => secretsOf(job, follow, name)),
    extends: new Map(jobs.map(([name, job]) => [name, textsOf(job.get('extends'), follow)])),
  }
}

/** The node that an alias stands for, and what was found out about maps so far. */
interface Follow {
  (node: unknown): unknown
  readonly members: Map<YAMLMap, Members>
}
type Members = ReadonlyMap<string, unknown>

/** Looked up once for all: the library goes through the whole document for each alias. */
function following(document: Document): Follow {
  const anchors = new Map<string, unknown>()
  const targets = new Map<unknown, unknown>()
  visit(document, {
    Node(_key, node) {
      // An anchor may be given anew further down; an alias means the nearest one above.
      if (isAlias(node)) targets.set(node, anchors.get(node.source))
      else if ((isScalar(node) || isCollection(node)) && node.anchor) anchors.set(node.anchor, node)
    },
  })
  const follow = (node: unknown): unknown => (isAlias(node) ? targets.get(node) : node)
  return Object.assign(follow, { members: new Map<YAMLMap, Members>() })
}

/** Far more than anybody merges; an anchor that merges itself would go on for ever. */
const deepestMerge = 20

/** A map's members by name, with what `<<` brings, which its own come before. Empty for what is no map. */
function membersOf(node: unknown, follow: Follow, depth = 0): Members {
  const map = follow(node)
  if (!isMap(map) || depth > deepestMerge) return new Map()
  const known = follow.members.get(map)
  if (known !== undefined) return known
  // Maps that merge each other twice would otherwise be gone through twice as often with every one of them.
  follow.members.set(map, new Map())
  const members = mergedMembers(map, follow, depth)
  follow.members.set(map, members)
  return members
}

function mergedMembers(map: YAMLMap, follow: Follow, depth: number): Members {
  const pairs = map.items.flatMap(({ key, value }) => (isScalar(key) ? [[nameOf(key), value] as const] : []))
  const merged = pairs.flatMap(([name, value]) => {
    const from = name === '<<' ? follow(value) : undefined
    const maps = isSeq(from) ? from.items : [from]
    return maps.flatMap((one) => [...membersOf(one, follow, depth + 1)])
  })
  return new Map([...merged, ...pairs.filter(([name]) => name !== '<<')])
}

/** The parser makes a symbol of the key that merges. */
function nameOf({ value }: Scalar): string {
  return typeof value === 'symbol' ? '<<' : String(value)
}

function jobVariables(job: Members, follow: Follow, name: string): YamlVariable[] {
  const rules = follow(job.get('rules'))
  const ruled = isSeq(rules) ? rules.items.flatMap((rule) => variablesOf(membersOf(rule, follow), follow, name)) : []
  return [...variablesOf(job, follow, name), ...ruled]
}

/** `KEY: text`, or `KEY: { value, description }`; what `!reference` stands for is read where it is written. */
function variablesOf(owner: Members, follow: Follow, job?: string): YamlVariable[] {
  return [...membersOf(owner.get('variables'), follow)].flatMap(([key, given]) => {
    const node = follow(given)
    const value = isMap(node) ? follow(membersOf(node, follow).get('value')) : node
    if (!isScalar(value)) return []
    return { key, value: value.source ?? String(value.value ?? ''), ...(job === undefined ? {} : { job }) }
  })
}

function secretsOf(job: Members, follow: Follow, name: string): DeclaredSecret[] {
  return [...membersOf(job.get('secrets'), follow)].flatMap(([key, given]) => {
    const vault = follow(membersOf(given, follow).get('vault'))
    const place = isScalar(vault) ? shortForm(String(vault.value)) : longForm(membersOf(vault, follow), follow)
    return place === undefined ? [] : { job: name, key, ...place }
  })
}

type SecretPlace = Omit<DeclaredSecret, 'job' | 'key'>

function longForm(vault: Members, follow: Follow): SecretPlace | undefined {
  const engine = membersOf(vault.get('engine'), follow)
  const nodes = [engine.get('path'), vault.get('path'), vault.get('field')]
  const [mount, path, field] = nodes.flatMap((node) => textsOf(node, follow))
  return mount === undefined || path === undefined || field === undefined ? undefined : { mount, path, field }
}

/** Split at the last `@`, then at the last `/`; without a mount it is `kv-v2` (ee/lib/gitlab/ci/config/entry/vault/secret.rb). */
function shortForm(text: string): SecretPlace {
  const at = text.lastIndexOf('@')
  const [rest, mount] = at === -1 ? [text, 'kv-v2'] : [text.slice(0, at), text.slice(at + 1)]
  const slash = rest.lastIndexOf('/')
  return { mount, path: rest.slice(0, Math.max(0, slash)), field: rest.slice(slash + 1) }
}

/** Of a scalar or a list of them. */
function textsOf(node: unknown, follow: Follow): readonly string[] {
  const given = follow(node)
  const items = isSeq(given) ? given.items.map(follow) : [given]
  return items.flatMap((item) => (isScalar(item) ? [String(item.value)] : []))
}
