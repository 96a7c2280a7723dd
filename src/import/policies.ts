import { groupBy } from '../core/group-by.ts'
import { byText, type JsonObject, type JsonValue } from '../core/json.ts'
import type { FileNames } from './names.ts'
import { commonTemplate, literalText, reference, splitAtWords } from './template-text.ts'

/** A policy as one environment's server has it. */
export interface FoundPolicy {
  readonly environment: string
  readonly name: string
  readonly text: string
}

export interface PolicyFile {
  /** Below policies/, without `.hcl`. */
  readonly name: string
  readonly text: string
  readonly describes: readonly FoundPolicy[]
}

/** How policies are written: their files, and how roles and environments name them. */
export interface PolicyFiles {
  readonly files: readonly PolicyFile[]
  readonly names: FileNames
  /** What a role of the environment has in token_policies for this name; not yet escaped as a template. */
  named(environment: string, name: string): JsonValue
  /** What environment files list, because no role brings it there. */
  readonly listed: ReadonlyMap<string, readonly JsonValue[]>
}

export interface PolicyOptions {
  /** Names that roles of the environment give. */
  readonly byRoles: ReadonlyMap<string, ReadonlySet<string>>
  readonly names: FileNames
  /** False for a policy that is written apart. */
  readonly mayFold: (policy: FoundPolicy) => boolean
}

/** One file for a policy that is the same everywhere, or the same but for the environment's name. */
export function writePolicies(policies: readonly FoundPolicy[], options: PolicyOptions): PolicyFiles {
  const writing: Writing = { ...options, files: [], entries: new Map(), listed: new Map() }
  const same = groupBy(policies, ({ name }) => name)
  // A name that one environment has alone may be the name of another one's with the environments exchanged.
  const single = [...same.values()].filter((group) => group.length === 1).flat()
  const relatives = [...groupBy(single, (policy) => maskedName(policy)).values()].filter((group) => group.length > 1)
  const folded = new Set(relatives.filter((group) => writeTemplate(group, writing)).flat())
  for (const [name, group] of [...same].sort(([a], [b]) => byText(a, b)))
    if (!folded.has(group[0] as FoundPolicy)) writeSame(name, group, writing)
  const { files, entries, listed } = writing
  return {
    files,
    names: options.names,
    named: (environment, name) => entries.get(keyOf({ environment, name })) ?? name,
    listed,
  }
}

interface Writing extends PolicyOptions {
  readonly files: PolicyFile[]
  /** Policies that roles name by name and template. */
  readonly entries: Map<string, JsonObject>
  readonly listed: Map<string, JsonValue[]>
}

function keyOf({ environment, name }: Pick<FoundPolicy, 'environment' | 'name'>): string {
  return `${environment}\0${name}`
}

/** The same for `app-staging` in staging and `app-production` in production. */
function maskedName({ name, environment }: FoundPolicy): string {
  return splitAtWords(name, [environment.toLowerCase()])
    .map((part, at) => (at % 2 === 0 ? part : '\0'))
    .join('')
}

function textTemplate(group: readonly FoundPolicy[]): string | undefined {
  const texts = new Map(group.map(({ environment, text }) => [environment, text]))
  return commonTemplate(texts, new Map(group.map(({ environment }) => [environment, environment])), 'environment')
}

/** A template for policies whose names differ as their environments do; false where they have no common text. */
function writeTemplate(group: readonly FoundPolicy[], writing: Writing): boolean {
  const text = group.every(writing.mayFold) ? textTemplate(group) : undefined
  const [first] = group
  if (text === undefined || first === undefined) return false
  const template = writing.names.take(withoutMask(maskedName(first)))
  writing.files.push({ name: template, text, describes: group })
  for (const policy of group) {
    const { environment, name } = policy
    const entry = { name: nameTemplate(policy), template }
    if (writing.byRoles.get(environment)?.has(name)) writing.entries.set(keyOf(policy), { name, template })
    else list(environment, entry, writing)
  }
  return true
}

function nameTemplate(policy: FoundPolicy): string {
  return maskedName(policy).split('\0').map(literalText).join(reference('environment'))
}

/** `app-\0-read` → `app-read`, `\0` alone → `environment`. */
export function withoutMask(masked: string): string {
  const name = masked
    .split('\0')
    .map((part) => part.replace(/^[-_./:]+|[-_./:]+$/g, ''))
    .filter((part) => part !== '')
    .join('-')
  return name === '' ? 'environment' : name
}

function list(environment: string, entry: JsonValue, { listed }: Writing): void {
  listed.set(environment, [...(listed.get(environment) ?? []), entry])
}

/** A name that several environments have, or one. Where the texts differ, each has a file of its own. */
function writeSame(name: string, group: readonly FoundPolicy[], writing: Writing): void {
  const equal = group.every(({ text }) => text === group[0]?.text)
  const text = equal || group.every(writing.mayFold) ? textTemplate(group) : undefined
  if (text !== undefined) {
    writeFile(name, text, group, writing)
    return
  }
  for (const alike of groupBy(group, (policy) => policy.text).values()) {
    const suffix = alike.map(({ environment }) => environment).join('-')
    const template = writing.names.take(`${name}.${suffix}`)
    writing.files.push({ name: template, text: literalText(alike[0]?.text ?? ''), describes: alike })
    for (const { environment } of alike) list(environment, { name: literalText(name), template }, writing)
  }
}

/** A file of the policy's own name belongs to it everywhere; one of another name has to be named beside it. */
function writeFile(name: string, text: string, group: readonly FoundPolicy[], writing: Writing): void {
  const own = writing.names.takeOwn(name)
  const template = own ? name : writing.names.take(name)
  writing.files.push({ name: template, text, describes: group })
  for (const { environment } of group) {
    if (!own) list(environment, { name: literalText(name), template }, writing)
    else if (!writing.byRoles.get(environment)?.has(name)) list(environment, literalText(name), writing)
  }
}
