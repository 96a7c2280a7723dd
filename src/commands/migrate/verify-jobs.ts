import { type DeclaredSecret, type GitlabYaml, readGitlabVariables } from '../../config/gitlab-variables.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import type { Context } from '../session/command.ts'
import { readText } from './file-sources.ts'

/** A job that runs, with what it takes over from others, which may be in other files. */
interface Job {
  /** By the name of the job's variable. */
  readonly secrets: ReadonlyMap<string, DeclaredSecret>
  /** What it says in VAULT_AUTH_ROLE; several where its rules differ. */
  readonly roles: ReadonlySet<string>
}

export type Declared = readonly Job[]

/** What some GitLab YAML files say together: templates may be in one and jobs in another. */
export async function readDeclared(context: Context, files: readonly string[]): Promise<Declared> {
  const read: GitlabYaml[] = []
  for (const file of files) {
    const found = readGitlabVariables(await readText(context, file))
    if (found === undefined)
      throw new UserError([
        problem('unreadable', `${file} is not YAML that GitLab could read`, "GitLab's CI Lint says where."),
      ])
    read.push(found)
  }
  return read.flatMap((file) =>
    [...file.extends.keys()].filter((name) => !name.startsWith('.')).map((name) => jobOf(name, file, read)),
  )
}

/** A job or template, and the file that it is in: those of two projects may have the same name. */
interface Part {
  readonly name: string
  readonly file: GitlabYaml
}

function jobOf(name: string, file: GitlabYaml, files: readonly GitlabYaml[]): Job {
  const parts = lineage({ name, file }, files)
  const secrets = parts.flatMap((part) => part.file.secrets.filter(({ job }) => job === part.name))
  const own = parts.map((part) => roleNames(part.file, part.name)).find((names) => names.length > 0)
  return {
    // The nearest comes last, and counts.
    secrets: new Map(secrets.toReversed().map((secret) => [secret.key, secret])),
    roles: new Set(own ?? roleNames(file, undefined)),
  }
}

/** @param owner undefined for what all jobs of the file get */
function roleNames({ variables }: GitlabYaml, owner: string | undefined): readonly string[] {
  return variables.filter(({ key, job }) => key === 'VAULT_AUTH_ROLE' && job === owner).map(({ value }) => value)
}

/** The job, then what it extends, the strongest first: the last of a list, and all that this one extends. */
function lineage(job: Part, files: readonly GitlabYaml[]): readonly Part[] {
  const all = new Map<string, Part>()
  const open = [job]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (all.has(next.name)) continue
    all.set(next.name, next)
    const { name, file } = next
    for (const parent of file.extends.get(name) ?? []) {
      const holder = [job.file, file, ...files].find((one) => one.extends.has(parent))
      if (holder !== undefined) open.push({ name: parent, file: holder })
    }
  }
  return [...all.values()]
}

export interface Users {
  /** Roles of the list by which no job of the files gets the variable from its place in Vault. */
  readonly missing: readonly string[]
  /** Whether some job gets it from its place. */
  readonly any: boolean
  /** Whether some job gets it from another place. */
  readonly elsewhere: boolean
}

export function usersOf(jobs: Declared, { key, vault, roles }: ChecklistItem): Users {
  const declaring = jobs.filter(({ secrets }) => secrets.has(key))
  const users = declaring.filter(({ secrets }) => isAt(vault, secrets.get(key)))
  return {
    missing: roles.filter((role) => !users.some((job) => job.roles.has(role))),
    any: users.length > 0,
    elsewhere: declaring.length > users.length,
  }
}

function isAt({ mount, path, field }: ChecklistItem['vault'], secret: DeclaredSecret | undefined): boolean {
  return secret?.mount === mount && secret.path === path && secret.field === field
}
