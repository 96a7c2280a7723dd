import { groupBy } from '../../core/group-by.ts'
import { byText } from '../../core/json.ts'
import { candidates } from './candidates.ts'
import { type DynamicHint, dynamicHints } from './dynamic.ts'
import { byPlace, type Inventory, type InventoryProject, type InventoryVariable } from './inventory.ts'
import type { Left, MigrationItem } from './migration.ts'
import { scopeSlug, slug, uniqueNames, vaultPath } from './names.ts'
import { effective } from './precedence.ts'

export interface ProposalOptions {
  /** The kv-v2 mount that the values go to. */
  readonly mount: string
  /** Environments that there are besides those that the variables name. */
  readonly environments: readonly string[]
  /** Whether jobs without an environment read secrets too. */
  readonly withoutEnvironment: boolean
  /** Keys that are secrets, or are not, whatever they look like. */
  readonly secrets: ReadonlySet<string>
  readonly configuration: ReadonlySet<string>
}

/** A role of one environment: what is bound, and the secrets by the name of the job's variable. */
export interface ProposedRole {
  readonly name: string
  readonly project: InventoryProject
  /** The name of the environment's file. */
  readonly environment: string
  /** As GitLab has it, perhaps with `*`; absent for jobs without an environment. */
  readonly scope?: string
  readonly secrets: Readonly<Record<string, MigrationItem['vault'] & { readonly file: boolean }>>
}

export interface Proposal {
  /** Names of the environments' files. */
  readonly environments: readonly string[]
  readonly roles: readonly ProposedRole[]
  readonly items: readonly MigrationItem[]
  readonly stays: readonly Left[]
  readonly decide: readonly Left[]
  readonly dynamic: readonly (DynamicHint & { readonly project: string })[]
  /** What somebody should know before the roles are applied. */
  readonly notes: readonly Note[]
}

export interface Note {
  readonly words: string
  /** Variables that it is about: their names are what others wrote. */
  readonly about: readonly string[]
}

/** Where everything would go: one role for each project and environment, each secret at the path of who owns it. */
export function propose(inventory: Inventory, options: ProposalOptions): Proposal {
  const { moving, stays, decide } = candidates(inventory.variables, options)
  const [first, ...others] = inventory.projects
  const places = placed(moving, options.mount, others.length === 0 ? first?.path : undefined)
  const rivals = rivalsOf(inventory.variables, places.moving)
  const parts = inventory.projects.map((project) => ({ project, scopes: scopesOf(project, places.moving, options) }))
  const files = uniqueNames(
    parts.flatMap(({ scopes }) => scopes),
    scopeSlug,
  )
  const bases = uniqueNames(
    inventory.projects.map(({ path }) => path),
    baseName(inventory.projects),
  )
  const roles = parts.flatMap(({ project, scopes }) =>
    rolesOf(project, scopes, { files, base: bases.get(project.path) ?? '', places, rivals, options }),
  )
  const readers = readersOf(roles)
  const items = places.moving.map((one) => ({
    ...itemOf(one, places.at(one), readers),
    ...mentionedBy(one, inventory.variables),
  }))
  const unread = items.filter((one) => one.roles.length === 0)
  return {
    environments: [...new Set(roles.map(({ environment }) => environment))].sort(byText),
    roles,
    items: items.filter((one) => one.roles.length > 0).sort(byPlace),
    stays,
    decide: [...decide, ...places.clashing.map(clash), ...unread.map(unreached)].sort(byPlace),
    dynamic: parts.flatMap(({ project, scopes }) =>
      hintsOf(project, scopes, places.moving).map((hint) => ({ ...hint, project: project.path })),
    ),
    notes: [...notesOf(places.moving, roles, options)],
  }
}

/** The last part of a path, where that tells the projects apart. */
function baseName(projects: readonly InventoryProject[]): (path: string) => string {
  const last = (path: string) => slug(path.split('/').at(-1) ?? path)
  const counts = groupBy(projects, ({ path }) => last(path))
  return (path) => ((counts.get(last(path))?.length ?? 0) > 1 ? slug(path) : last(path)) || 'project'
}

interface Places {
  readonly moving: readonly InventoryVariable[]
  /** Two values that would meet in one field. */
  readonly clashing: readonly InventoryVariable[]
  at(variable: InventoryVariable): MigrationItem['vault']
}

/** @param only the project, where there is one only */
function placed(variables: readonly InventoryVariable[], mount: string, only: string | undefined): Places {
  const pathOf = ({ place, environment_scope: scope }: InventoryVariable) => vaultPath(place, scope, only)
  // Two scopes may look alike as a part of a path, and are different secrets all the same.
  const wanted = (one: InventoryVariable) => `${pathOf(one)}\0${one.environment_scope}`
  const paths = uniqueNames(variables.map(wanted), (text) => text.slice(0, text.indexOf('\0')))
  const at = (one: InventoryVariable) => ({ mount, path: paths.get(wanted(one)) ?? pathOf(one), field: one.key })
  const fields = groupBy(variables.toSorted(byStrength), (one) => `${at(one).path}\0${one.key}`)
  // The strongest keeps its field; another of the same value can share it.
  const clashing = [...fields.values()].flatMap(([first, ...more]) =>
    more.filter(({ hash }) => hash === null || hash !== first?.hash),
  )
  return { moving: variables.filter((one) => !clashing.includes(one)), clashing, at }
}

const kinds: readonly InventoryVariable['place']['kind'][] = ['project', 'group', 'instance', 'yaml', 'env-file']

function byStrength(a: InventoryVariable, b: InventoryVariable): number {
  return kinds.indexOf(a.place.kind) - kinds.indexOf(b.place.kind)
}

/**
 * What a job gets one of: also what stays a variable, which would lose to a secret of its name. What only one job of a YAML
 * has says nothing of the others.
 */
function rivalsOf(
  variables: readonly InventoryVariable[],
  moving: readonly InventoryVariable[],
): readonly InventoryVariable[] {
  const taken = new Set(moving)
  return variables.filter((one) => taken.has(one) || one.place.kind !== 'yaml' || one.place.part === undefined)
}

/** Environments that the variables of a project and of those above it name, the given ones, or else production. */
function scopesOf(
  project: InventoryProject,
  variables: readonly InventoryVariable[],
  { environments }: ProposalOptions,
): readonly string[] {
  const own = variables.filter(({ place }) => place.kind !== 'project' || place.name === project.path)
  const reached = own.filter(({ place }) => place.kind !== 'group' || project.groups.includes(place.name))
  const named = reached.map(({ environment_scope: scope }) => scope).filter((scope) => scope !== '*')
  const all = [...new Set([...named, ...environments])].sort(byText)
  return all.length > 0 ? all : ['production']
}

interface Naming {
  readonly files: ReadonlyMap<string, string>
  readonly base: string
  readonly places: Places
  readonly rivals: readonly InventoryVariable[]
  readonly options: ProposalOptions
}

function rolesOf(
  project: InventoryProject,
  scopes: readonly string[],
  { files, base, places, rivals, options }: Naming,
): readonly ProposedRole[] {
  const moving = new Set(places.moving)
  const secretsFor = (environment: string) =>
    Object.fromEntries(
      effective(rivals, project, environment)
        .filter((one) => moving.has(one))
        .toSorted((a, b) => byText(a.key, b.key))
        .map((one) => [one.key, { ...places.at(one), file: one.type === 'file' }]),
    )
  const named = scopes.map((scope): ProposedRole => {
    const environment = files.get(scope) ?? scopeSlug(scope)
    return { name: `${base}-${environment}`, project, environment, scope, secrets: secretsFor(scope) }
  })
  const home = named.find(({ scope }) => scope === 'production') ?? named[0]
  const build: readonly ProposedRole[] =
    options.withoutEnvironment && home !== undefined
      ? [{ name: `${base}-no-environment`, project, environment: home.environment, secrets: secretsFor('') }]
      : []
  return [...named, ...build].filter(({ secrets }) => Object.keys(secrets).length > 0)
}

type Readers = ReadonlyMap<string, readonly string[]>

function readersOf(roles: readonly ProposedRole[]): Readers {
  const pairs = roles.flatMap(({ name, secrets }) => Object.values(secrets).map((at) => [fieldText(at), name] as const))
  return new Map(
    [...groupBy(pairs, ([field]) => field)].map(([field, found]) => [field, found.map(([, name]) => name)]),
  )
}

function fieldText({ mount, path, field }: MigrationItem['vault']): string {
  return `${mount}\0${path}\0${field}`
}

function itemOf(one: InventoryVariable, vault: MigrationItem['vault'], readers: Readers): MigrationItem {
  const { id, key, place, environment_scope, type, hidden, expands, hash } = one
  return {
    id,
    key,
    place,
    environment_scope,
    type,
    hidden,
    ...(expands === undefined ? {} : { expands }),
    hash,
    vault,
    roles: [...(readers.get(fieldText(vault)) ?? [])],
  }
}

/** Those that a job can get together with it; one of another project cannot mean it. */
function mentionedBy(
  { id, key, place }: InventoryVariable,
  variables: readonly InventoryVariable[],
): Pick<MigrationItem, 'mentioned_by'> {
  const apart = (other: InventoryVariable['place']) =>
    place.kind === 'project' && other.kind === 'project' && other.name !== place.name
  const found = variables.filter((other) => other.id !== id && other.mentions.includes(key) && !apart(other.place))
  return found.length === 0 ? {} : { mentioned_by: found.map((other) => other.id) }
}

function hintsOf(
  project: InventoryProject,
  scopes: readonly string[],
  variables: readonly InventoryVariable[],
): readonly DynamicHint[] {
  const read = new Map(scopes.flatMap((scope) => effective(variables, project, scope)).map((one) => [one.key, one]))
  return dynamicHints([...read.values()].toSorted((a, b) => byText(a.key, b.key)))
}

function clash({ id }: InventoryVariable): Left {
  return { id, why: 'another variable of the same name there has another value: give one of them another name' }
}

function unreached({ id }: MigrationItem): Left {
  return {
    id,
    why: 'no role reads it: a stronger variable of its name comes first, or no project of the inventory gets it',
  }
}

function* notesOf(
  moving: readonly InventoryVariable[],
  roles: readonly ProposedRole[],
  { withoutEnvironment }: ProposalOptions,
): Generator<Note> {
  const kept = moving.filter(({ place }) => place.kind === 'project' || place.kind === 'group')
  const open = kept.filter((one) => !one.protected).map(({ id }) => id)
  if (open.length > 0)
    yield { words: 'These are read on any branch today, and the roles admit protected branches only', about: open }
  if (!withoutEnvironment && moving.some(({ environment_scope: scope }) => scope === '*'))
    yield note(
      'Jobs without "environment:" cannot log in by these roles. Give them one, or plan with --without-environment.',
    )
  if (roles.some(({ scope }) => scope?.includes('*')))
    yield note(
      'A role for many environments, such as review/*, binds protected ones: others would hand secrets to every branch.',
    )
  if (roles.some(({ project }) => project.schedules))
    yield note('Pipelines of schedules may log in too, because the project has schedules.')
  yield note('Manual, API and trigger pipelines cannot log in: pipeline_source is bound to push.')
}

function note(words: string): Note {
  return { words, about: [] }
}
