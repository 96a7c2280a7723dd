import { type DeclaredSecret, type GitlabYaml, readGitlabVariables } from '../../config/gitlab-variables.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import type { Context } from '../session/command.ts'
import { readText } from './file-sources.ts'

/** What some GitLab YAML files say together: templates may be in one and jobs in another. */
export interface Declared {
  readonly secrets: readonly DeclaredSecret[]
  /** Jobs that run, each with itself and all that it extends. */
  readonly jobs: ReadonlyMap<string, ReadonlySet<string>>
}

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
  const parents = new Map(read.flatMap((one) => [...one.extends]))
  const running = [...parents.keys()].filter((name) => !name.startsWith('.'))
  return {
    secrets: read.flatMap(({ secrets }) => secrets),
    jobs: new Map(running.map((name) => [name, lineage(name, parents)])),
  }
}

function lineage(name: string, parents: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const all = new Set<string>()
  const open = [name]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (all.has(next)) continue
    all.add(next)
    open.push(...(parents.get(next) ?? []))
  }
  return all
}

export interface Users {
  /** Jobs that get the variable from the place of the list. */
  readonly jobs: readonly string[]
  /** Whether some job gets it from another place. */
  readonly elsewhere: boolean
}

export function usersOf({ secrets, jobs }: Declared, { key, vault }: ChecklistItem): Users {
  const own = secrets.filter((one) => one.key === key)
  const fitting = own.filter((one) => one.mount === vault.mount && one.path === vault.path && one.field === vault.field)
  const users = (declared: readonly DeclaredSecret[]) =>
    [...jobs].filter(([, names]) => declared.some(({ job }) => names.has(job))).map(([name]) => name)
  return { jobs: users(fitting), elsewhere: users(own).length > 0 }
}
