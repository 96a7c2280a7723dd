import * as z from 'zod'
import { matchesGlob } from '../core/glob.ts'
import { byText } from '../core/json.ts'
import type { Kind } from '../core/kind.ts'
import { take } from './budget.ts'
import { addObject } from './conflicts.ts'
import { describe } from './describe.ts'
import { type Described, type Draft, kindWrittenIn, type Loading, type PolicyReference } from './draft.ts'
import { checkGrammar, noVerdicts, type Verdicts } from './policy-grammar.ts'
import { acceptValue, type Position, positionsIn } from './policy-values.ts'
import type { Details, Problems } from './problems.ts'
import type { Scope } from './scope.ts'
import { suggestName } from './suggest.ts'
import { type Part, parseTemplate, type Reference } from './template.ts'
import { type Place, quoted, startOf, type TextFile } from './text.ts'
import { fillText } from './variables.ts'

/** A policy under another name than its file's. */
export const templated = z
  .strictObject({
    name: z.string().min(1).meta({ description: "The policy's name." }),
    template: z.string().min(1).meta({ description: 'The name of the file in policies/, without .hcl.' }),
  })
  .meta({ description: 'A policy under another name than that of its file.' })

/** A policy's file: a template, split into parts once. */
interface PolicyFile {
  readonly name: string
  readonly file: TextFile
  readonly parts: readonly Part[]
  /** Where in the policy the references stand, by their offset. */
  readonly positions: ReadonlyMap<number, Position>
  /** False when the text is no template; the reason is reported. */
  readonly good: boolean
}

/** All files of policies, and which of them somebody uses. */
export interface PolicyFiles {
  readonly byName: ReadonlyMap<string, PolicyFile>
  /** By the name that the server gives them; two files can differ in upper and lower case only. */
  readonly byAddress: ReadonlyMap<string, readonly PolicyFile[]>
  readonly used: Set<PolicyFile>
  readonly verdicts: Verdicts
}

export function policyFiles(files: readonly TextFile[], loading: Loading): PolicyFiles {
  const kind = kindWrittenIn(loading.kinds, 'policy')
  const all = files.map((file) => parsePolicy(file, loading))
  const byAddress = new Map<string, PolicyFile[]>()
  for (const policy of all) {
    const address = kind?.identify(policy.name).address ?? policy.name
    byAddress.set(address, [...(byAddress.get(address) ?? []), policy])
  }
  return {
    byName: new Map(all.map((policy) => [policy.name, policy])),
    byAddress,
    used: new Set(),
    verdicts: noVerdicts(),
  }
}

function parsePolicy(file: TextFile, { surroundings }: Loading): PolicyFile {
  const { parts, errors } = parseTemplate(file.text)
  for (const { message, at, length } of errors)
    surroundings.problems.error('invalid-substitution', message, { file, start: at, end: at + length })
  const positionAt = positionsIn(file.text)
  const positions = new Map(parts.flatMap((part) => ('text' in part ? [] : [[part.at, positionAt(part.at)] as const])))
  const name = file.path.replace(/^policies\//, '').replace(/\.hcl$/, '')
  return { name, file, parts, positions, good: errors.length === 0 }
}

/** Where the text of a policy of one environment comes from. */
export interface PolicyUse {
  readonly name: string
  readonly scope: Scope
  /** Who names it, for messages about the text. */
  readonly user: Place
  readonly details?: Details | undefined
}

/** The same for a file that is named apart from the policy; one that is not there is reported. */
export function addTemplatedPolicy(
  template: string,
  use: PolicyUse & { readonly place: Place },
  draft: Draft,
  files: PolicyFiles,
  loading: Loading,
): void {
  const policy = files.byName.get(template)
  if (policy !== undefined) {
    addFilePolicy(policy, use, draft, files, loading)
    return
  }
  loading.surroundings.problems.error(
    'unknown-policy',
    `there is no template ${quoted(`policies/${template}.hcl`)}`,
    use.place,
    {
      help: suggestName(template, files.byName.keys(), 'Write the file, or name another one.'),
      ...use.details,
    },
  )
}

/** Puts the text of a file, filled in, into the environment. */
function addFilePolicy(policy: PolicyFile, use: PolicyUse, draft: Draft, files: PolicyFiles, loading: Loading): void {
  const { file, parts, positions, good } = policy
  files.used.add(policy)
  if (!good) return
  const { problems } = loading.surroundings
  const scope: Scope = {
    ...use.scope,
    surroundings: { ...use.scope.surroundings, problems: blaming(problems, draft.name, use.user) },
  }
  const at = ({ at, length }: Reference) => ({ file, start: at, end: at + length })
  const values = new Map<number, string>()
  const text = fillText(parts, scope, at, (value, part) => {
    values.set(part.at, value)
    return acceptValue(value, part, positions.get(part.at) as Position, at(part), scope)
  })
  if (text === undefined) {
    draft.dropped.push({ place: use.user })
    return
  }
  if (!affordText(text, startOf(file), draft, loading)) return
  checkGrammar({ text, file, parts, values }, draft.server, files.verdicts, scope.surroundings.problems)
  addPolicy(text, startOf(file), use, draft, loading)
}

/** A template of a megabyte, filled in for ten thousand roles, has no place in any memory. */
function affordText(text: string, place: Place, { dropped }: Draft, { surroundings }: Loading): boolean {
  const { problems, work } = surroundings
  const before = work.exceeded
  if (take(work, { roles: 0, characters: text.length })) return true
  if (!before)
    problems.error('too-large', 'the policies of all environments together are too large', place, {
      help: 'Up to here they have more than 256 million characters: look for a large template that many roles use.',
    })
  dropped.push({ place })
  return false
}

/** Mistakes in a shared text say for whom it is filled in. */
function blaming(problems: Problems, environment: string, user: Place): Problems {
  const use = { environment, among: Number.POSITIVE_INFINITY }
  const related = [{ message: 'used here', place: user }]
  return {
    ...problems,
    error: (code, message, place, given) =>
      problems.error(code, message, place, { ...given, use, related: [...related, ...(given?.related ?? [])] }),
  }
}

function addPolicy(text: string, place: Place, use: PolicyUse, draft: Draft, loading: Loading): void {
  const kind = kindWrittenIn(loading.kinds, 'policy')
  if (kind === undefined) return
  const { name, user, details } = use
  if (isListedExternal(name, kind, draft, loading)) {
    loading.surroundings.problems.error('external-policy', externalMessage(name), user, {
      help: `Give this one another name, or take that one out of external_policies in ${placeOfExternal(name, kind, draft)}.`,
      ...details,
    })
    draft.dropped.push({ address: kind.identify(name).address, place: user })
    return
  }
  const written = {
    kind,
    names: [name],
    value: { policy: text },
    object: place,
    name: user,
    place: () => place,
    failed: [],
    details,
  }
  const desired = describe(written, loading.library)
  const described = desired && { desired, place, user, locate: () => place }
  if (described !== undefined) addObject(described satisfies Described, draft, loading.surroundings.problems)
  else draft.dropped.push({ address: kind.identify(name).address, place })
}

function externalMessage(name: string): string {
  return `the policy ${quoted(name)} would be overwritten, but it is not described here: somebody else keeps it`
}

/** A policy that nobody wrote; a name of somebody else's policy is refused, that of `default` included. */
export function addGeneratedPolicy(text: string, use: PolicyUse, draft: Draft, loading: Loading): void {
  const kind = kindWrittenIn(loading.kinds, 'policy')
  if (kind === undefined) return
  const { name, user, details } = use
  if (!isExternal(name, kind, draft, loading)) {
    addPolicy(text, user, use, draft, loading)
    // A file of the same name would be a second source.
    draft.references.push({ name, place: user, use: details?.use })
    return
  }
  draft.dropped.push({ address: kind.identify(name).address, place: user })
  loading.surroundings.problems.error('external-policy', externalMessage(name), user, {
    help: 'A role with secrets and no token_policies gets a policy of its own name: write token_policies, or rename the role.',
    ...details,
  })
}

/** After all roles are read: every policy that somebody names must come from somewhere. */
export function addNamedPolicies(draft: Draft, files: PolicyFiles, loading: Loading): void {
  const kind = kindWrittenIn(loading.kinds, 'policy')
  if (kind === undefined) return
  const seen = new Set<string>()
  const missing: PolicyReference[] = []
  for (const { name, template, place, use } of draft.references)
    if (template !== undefined)
      addTemplatedPolicy(
        template,
        { name, scope: draft.scope, user: place, place, details: { use } },
        draft,
        files,
        loading,
      )
  for (const reference of draft.references) {
    const { name, template, place, use } = reference
    const { address } = kind.identify(name)
    // Its file, if there is one, is for environments that do not say so.
    if (template !== undefined || isOneOf(draft.externalPolicies, name, kind)) continue
    const named = files.byAddress.get(address)
    if (named === undefined && !draft.objects.has(address) && !isExternal(name, kind, draft, loading))
      missing.push(reference)
    if (named === undefined || seen.has(address)) continue
    seen.add(address)
    for (const policy of named)
      addFilePolicy(policy, { name, scope: draft.scope, user: place, details: { use } }, draft, files, loading)
  }
  reportMissing(missing, draft, kind, files, loading)
}

/** The server makes `default` itself. */
function isExternal(name: string, kind: Kind, draft: Draft, loading: Loading): boolean {
  return (
    kind.identify(name).address === kind.identify('default').address || isListedExternal(name, kind, draft, loading)
  )
}

function isListedExternal(name: string, kind: Kind, { externalPolicies }: Draft, { settings }: Loading): boolean {
  return isOneOf(settings.externalPolicies, name, kind) || isOneOf(externalPolicies, name, kind)
}

function isOneOf(patterns: readonly string[], name: string, kind: Kind): boolean {
  const { address } = kind.identify(name)
  return patterns.some((pattern) => matchesGlob(kind.identify(pattern).address, address))
}

function placeOfExternal(name: string, kind: Kind, { externalPolicies, place }: Draft): string {
  return isOneOf(externalPolicies, name, kind) ? place.file.path : 'vaultwright.yaml'
}

function reportMissing(
  missing: readonly PolicyReference[],
  draft: Draft,
  kind: Kind,
  files: PolicyFiles,
  { surroundings }: Loading,
): void {
  if (missing.length === 0) return
  const prefix = `${kind.name}/`
  const defined = [...draft.objects.keys()].filter((address) => address.startsWith(prefix))
  const known = ['default', ...files.byName.keys(), ...defined.map((address) => address.slice(prefix.length))]
  for (const { name, place, use } of missing) {
    if (name.toLowerCase() === 'root') {
      surroundings.problems.error('root-policy', 'a role cannot give the policy "root"', place, {
        help: 'The server refuses such logins. Write a policy that allows what is needed.',
        use,
      })
      continue
    }
    const rest = `Write ${quoted(`policies/${name}.hcl`)}, or list the name under external_policies in vaultwright.yaml if somebody else keeps it.`
    surroundings.problems.error('unknown-policy', `no file describes the policy ${quoted(name)}`, place, {
      help: suggestName(name, known, rest),
      use,
    })
  }
}

/** Templates count as used by whoever is filled in from them. */
export function reportUnused(files: PolicyFiles, { surroundings }: Loading): void {
  const unused = [...files.byName.values()].filter((policy) => !files.used.has(policy))
  for (const { name, file } of unused.sort((a, b) => byText(a.name, b.name)))
    surroundings.problems.warning(
      'unused-policy',
      `no role and no environment names the policy ${quoted(name)}`,
      startOf(file),
      {
        help: 'Name it in the token_policies of a role or under policies of an environment, or delete the file.',
      },
    )
}
