import { realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Configuration, Environment, Location, Settings } from '../core/configuration.ts'
import { type Diagnostic, problem } from '../core/diagnostic.ts'
import { byText, isObject, type JsonValue } from '../core/json.ts'
import type { FieldPath, Kinds } from '../core/kind.ts'
import type { Address, Identity } from '../core/resource.ts'
import { joinSiblings } from './conflicts.ts'
import { type Draft, type Loading, secretNamesOf } from './draft.ts'
import { environmentName, readEnvironment } from './environment.ts'
import { type Inputs, readInputs } from './files.ts'
import { addNamedPolicies, policyFiles, reportUnused } from './policies.ts'
import { collectProblems, type Problems } from './problems.ts'
import { readSecret } from './references.ts'
import { readRoleFile } from './role.ts'
import { readSettings } from './settings.ts'
import { locationOf, quoted, sourceOf, startOf, textFile } from './text.ts'

export interface LoadOptions {
  readonly kinds: Kinds
  /** The environment of the run. */
  readonly env: Readonly<Record<string, string | undefined>>
}

const none: Settings = { env: [], externalPolicies: [] }

/**
 * Everything that the files of a configuration's folder say, merged and filled in, and everything that is wrong with them.
 * A user's mistake never throws: callers stop when `diagnostics` has errors, whatever the environments look like.
 */
export async function loadConfiguration(directory: string, { kinds, env }: LoadOptions): Promise<Configuration> {
  const folder = resolve(directory)
  const refusal = refuseFolder(folder)
  if (refusal !== undefined) return configuration(folder, none, [], [refusal], () => new Map(), env)
  const problems = collectProblems()
  const inputs = await readInputs(folder, problems)
  const settings = readSettings(inputs.settings, problems)
  const loading: Loading = {
    kinds,
    settings,
    surroundings: { env, allowed: settings.env, problems },
    library: { root: realpathSync(folder), problems, files: new Map() },
    secretNames: secretNamesOf(kinds),
    documents: new Map(),
  }
  const drafts = readAll(inputs, loading)
  const described = joinSiblings(drafts, env, problems)
  const environments = drafts.map((draft) => finish(draft, described.get(draft) ?? new Set()))
  return configuration(folder, settings, environments, problems.list(), () => draftsByName(drafts), env)
}

function refuseFolder(folder: string): Diagnostic | undefined {
  const help = 'Run "vaultwright init" there for a first set of files, or name another folder.'
  const status = statSync(folder, { throwIfNoEntry: false })
  if (status === undefined) return problem('no-directory', `there is no folder ${quoted(folder)}`, help)
  return status.isDirectory() ? undefined : problem('no-directory', `${quoted(folder)} is no folder`, help)
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
        help: 'Write environments/production.yaml, with the auth mounts of that Vault, or run "vaultwright init".',
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

function finish(draft: Draft, described: ReadonlySet<Address>): Environment {
  const { name, place, address, namespace, owns, unmanaged, objects, secrets } = draft
  return {
    name,
    source: sourceOf(place),
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
    desired: [...objects.values()].map(({ desired }) => desired).sort((a, b) => byText(a.address, b.address)),
    owns,
    unmanaged,
    described,
    secrets,
  }
}

function draftsByName(drafts: readonly Draft[]): ReadonlyMap<string, Draft> {
  return new Map(drafts.map((draft) => [draft.name, draft]))
}

function configuration(
  directory: string,
  settings: Settings,
  environments: readonly Environment[],
  diagnostics: readonly Diagnostic[],
  drafts: () => ReadonlyMap<string, Draft>,
  env: LoadOptions['env'],
): Configuration {
  return {
    directory,
    settings,
    environments,
    diagnostics,
    locate: (object, environment, field) => locate(object, field, drafts().get(environment)),
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
