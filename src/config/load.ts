import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Configuration, Environment, Location, Ownership, Settings } from '../core/configuration.ts'
import { type Diagnostic, problem } from '../core/diagnostic.ts'
import { byText, isObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kinds } from '../core/kind.ts'
import type { Address, Identity } from '../core/resource.ts'
import { assumedServer } from '../core/version.ts'
import { newWork } from './budget.ts'
import { joinSiblings, type RunServer } from './conflicts.ts'
import { type Draft, type Loading, secretNamesOf } from './draft.ts'
import { environmentName, readEnvironment } from './environment.ts'
import { type Inputs, readInputs } from './files.ts'
import { checkContainers, checkParents } from './parents.ts'
import { addNamedPolicies, policyFiles, reportUnused } from './policies.ts'
import { collectProblems, type Problems } from './problems.ts'
import { readPromises } from './promises.ts'
import { readSecret } from './references.ts'
import { readRoleFile } from './role.ts'
import { noSettings, readSettings } from './settings.ts'
import { locationAt, locationOf, quoted, sourceOf, startOf, type TextFile, textFile } from './text.ts'

export interface LoadOptions {
  readonly kinds: Kinds
  /** The environment of the run. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the run talks to, for environments that say nothing about it. */
  readonly server?: RunServer
}

/**
 * Everything that the files of a configuration's folder say, merged and filled in, and everything that is wrong with them.
 * A user's mistake never throws: callers stop when `diagnostics` has errors, whatever the environments look like.
 */
export async function loadConfiguration(
  directory: string,
  { kinds, env, server = {} }: LoadOptions,
): Promise<Configuration> {
  const folder = resolve(directory)
  const refusal = refuseFolder(folder)
  if (refusal !== undefined)
    return configuration({
      directory: folder,
      settings: noSettings,
      environments: [],
      promises: [],
      diagnostics: [refusal],
      drafts: () => new Map(),
      files: new Map(),
      env,
    })
  const problems = collectProblems()
  const inputs = await readInputs(folder, problems)
  const settings = readSettings(inputs.settings, kinds, problems)
  const loading: Loading = {
    kinds,
    settings,
    surroundings: { env, allowed: settings.env, problems, work: newWork() },
    library: { root: realpathSync(folder), problems, files: new Map() },
    secretNames: secretNamesOf(kinds),
    documents: new Map(),
  }
  const drafts = readAll(inputs, loading)
  const described = joinSiblings(drafts, server, problems)
  for (const draft of drafts) checkParents(draft, described.get(draft) ?? new Set(), problems)
  for (const draft of drafts) checkContainers(draft, kinds, problems)
  stopAtSilentLoss(drafts, problems)
  const promises = readPromises(inputs.promises, { loading, drafts, names: inputs.environments.map(environmentName) })
  const environments = drafts.map((draft) =>
    finish(draft, described.get(draft) ?? new Set(), externalObjects(draft, settings, kinds)),
  )
  return configuration({
    directory: folder,
    settings,
    environments,
    promises,
    diagnostics: problems.list(),
    drafts: () => draftsByName(drafts),
    files: filesByPath(inputs, loading.library),
    env,
  })
}

/** An object that vanished without a word would be removed from the server as one that no file describes. */
function stopAtSilentLoss(drafts: readonly Draft[], problems: Problems): void {
  const lost = drafts.flatMap(({ dropped }) => dropped)[0]
  if (lost === undefined || problems.list().some(({ severity }) => severity === 'error')) return
  const { file, line } = sourceOf(lost.place)
  throw new Error(`what ${file}:${line} describes was left out, and no problem says why`)
}

function refuseFolder(folder: string): Diagnostic | undefined {
  const help = 'Name the folder that holds environments/, roles/ and policies/.'
  try {
    if (statSync(folder).isDirectory()) return undefined
    return problem('no-directory', `${quoted(folder)} is no folder`, help)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? '' : ` that can be read (${code})`
    return problem('no-directory', `there is no folder ${quoted(folder)}${why}`, help)
  }
}

/** Environments first, because roles are filled in with their variables; policies last, because roles name them. */
function readAll(inputs: Inputs, loading: Loading): Draft[] {
  const { problems } = loading.surroundings
  const environments = new Map<string, Draft | undefined>()
  for (const file of inputs.environments) {
    const name = environmentName(file)
    if (environments.has(name)) reportTwice(name, file.path, problems)
    else environments.set(name, readEnvironment(file, loading))
  }
  if (environments.size === 0) {
    problems.error(
      'no-environments',
      'there is no environment: environments/ holds no YAML file',
      startOf(textFile('environments', '')),
      {
        help: 'Write environments/production.yaml, with the auth mounts of that Vault.',
      },
    )
  }
  const files = policyFiles(inputs.policies, loading)
  for (const file of inputs.roles) readRoleFile(file, { loading, files, environments })
  const drafts = [...environments.values()].filter((draft) => draft !== undefined)
  for (const draft of drafts) addNamedPolicies(draft, files, loading)
  // What a broken file would have named is not unused.
  const broken = problems
    .list()
    .some(({ severity, source }) => severity === 'error' && !/^policies\b/.test(source?.file ?? ''))
  if (!broken) reportUnused(files, loading)
  return drafts.sort((a, b) => byText(a.name, b.name))
}

function reportTwice(name: string, path: string, problems: Problems): void {
  problems.error(
    'duplicate-environment',
    `the environment ${quoted(name)} has two files`,
    startOf(textFile(path, '')),
    {
      help: 'Keep one of the .yaml and .yml files.',
    },
  )
}

function finish(draft: Draft, described: ReadonlySet<Address>, external: readonly Ownership[]): Environment {
  const { name, place, address, namespace, server, owns, unmanaged, objects, secrets } = draft
  return {
    name,
    source: sourceOf(place),
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    server: server ?? assumedServer,
    desired: [...objects.values()].map(({ desired }) => desired).sort((a, b) => byText(a.address, b.address)),
    owns,
    unmanaged,
    external,
    described,
    secrets,
  }
}

/** Policies that others describe stay theirs, also where an environment owns all names. */
function externalObjects(draft: Draft, settings: Settings, kinds: Kinds): Ownership[] {
  const names = [...settings.externalPolicies, ...draft.externalPolicies]
  const policies = kinds.filter(({ written }) => written.in === 'policy')
  return policies.flatMap(({ name: kind }) => names.map((name) => ({ kind, name: name.toLowerCase() })))
}

function draftsByName(drafts: readonly Draft[]): ReadonlyMap<string, Draft> {
  return new Map(drafts.map((draft) => [draft.name, draft]))
}

/** All files that were read, those that others mention included. */
function filesByPath(inputs: Inputs, { files: mentioned }: Loading['library']): ReadonlyMap<string, TextFile> {
  const { settings, environments, roles, policies, promises } = inputs
  const all = [settings, ...environments, ...roles, ...policies, ...promises, ...mentioned.values()]
  return new Map(all.flatMap((file) => (file === undefined ? [] : [[file.path, file] as const])))
}

interface Loaded extends Pick<Configuration, 'directory' | 'settings' | 'environments' | 'promises' | 'diagnostics'> {
  readonly drafts: () => ReadonlyMap<string, Draft>
  readonly files: ReadonlyMap<string, TextFile>
  readonly env: LoadOptions['env']
}

function configuration({ drafts, files, env, ...loaded }: Loaded): Configuration {
  const { directory } = loaded
  return {
    ...loaded,
    locate: (object, environment, field) => locate(object, field, drafts().get(environment)),
    texts: new Map([...files.values()].map(({ path, text }) => [path, text])),
    locateText({ file, line, column }, length) {
      const found = files.get(file)
      return found && locationAt(found, { line, column }, length)
    },
    secretOf: (reference) => readSecret(reference, realpathSync(directory), env),
  }
}

function locate({ address }: Identity, field: FieldPath, draft: Draft | undefined): Location | undefined {
  const described = draft?.objects.get(address)
  return described && locationOf(described.locate(outsideLists(described.desired.spec, field)))
}

/** Canonical lists are sorted, so an index there is not an index in the file: the list as a whole is the place. */
function outsideLists(spec: JsonValue, field: FieldPath): FieldPath {
  let inner: JsonValue | undefined = spec
  for (const [index, key] of field.entries()) {
    if (Array.isArray(inner)) return field.slice(0, index)
    inner = isObject(inner) ? inner[key] : undefined
  }
  return field
}
