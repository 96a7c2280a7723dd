import type { Via } from '../../core/configuration.ts'
import { matchesGlob } from '../../core/glob.ts'
import { stableStringify } from '../../core/json.ts'
import type { GitlabDocument, GitlabEntry } from '../document.ts'
import type { JobRole } from '../job-role.ts'
import { conditionsOf } from './conditions.ts'
import { type Header, headerComment, partComment } from './header.ts'
import { type Named, nameTemplates } from './names.ts'
import { shellFunctions } from './shell/functions.ts'
import { everywhere, shellJob, templateComment, templateEntry, templateValue, whereBound } from './template.ts'

export interface JobsOptions extends Header {
  /** Whether a role is to be written. */
  readonly wanted: (role: JobRole) => boolean
  /** Names of roles whose templates exist in every project, with secrets where the role is bound; `*` is any text. */
  readonly adapt: readonly string[]
  /** The folder of the parts, as `include: local` names it: from the root of the repository, with `/` at its end. */
  readonly parts: string
}

/** What `gitlab jobs` writes. */
export interface JobFiles {
  readonly main: GitlabDocument
  /** By file name: what the main file includes only in some projects. */
  readonly parts: ReadonlyMap<string, GitlabDocument>
}

/**
 * Templates for all roles with secrets.
 *
 * `secrets` cannot depend on rules, but an include can. So a template that adapts has its secrets in a part, which is
 * merged into it in projects that the role binds:
 *
 *     vault-jobs.yml              .vault-build-token: id_tokens, variables
 *     vault-jobs/build-token.yml  .vault-build-token: secrets            include: rules: the project
 */
export function jobFiles(roles: readonly JobRole[], options: JobsOptions): JobFiles {
  const { via } = options
  const all = nameTemplates(roles, (role) => stableStringify(templateValue(role, via)))
  const chosen = all.filter((template) => template.roles.some(options.wanted))
  const adapting = chosen.filter((template) => adapts(template, options.adapt))
  const parts = adapting.map((template) => [partName(template), template] as const)
  return {
    main: {
      comment: headerComment(options),
      entries: [
        ...includes(parts, options.parts),
        ...(via === 'script' ? [shellEntry] : []),
        ...chosen.map((template) =>
          adapting.includes(template) ? adapted(template, via) : templateEntry(template, via),
        ),
      ],
    },
    parts: new Map(parts.map(([file, template]) => [file, part(template, options)])),
  }
}

/** A role that binds no project has nothing to adapt to. */
function adapts({ roles }: Named, patterns: readonly string[]): boolean {
  return roles.some(
    ({ name, role }) => patterns.some((pattern) => matchesGlob(pattern, name)) && conditionsOf(role).project.length > 0,
  )
}

/** Without `.vault-`. */
function partName({ name }: Named): string {
  return `${encodeURIComponent(name.slice('.vault-'.length))}.yml`
}

function includes(parts: readonly (readonly [string, Named])[], folder: string): readonly GitlabEntry[] {
  if (parts.length === 0) return []
  const value = parts.map(([file, { roles }]) => ({
    local: `${folder}${file}`,
    rules: [{ if: conditionsOf((roles[0] as JobRole).role).project.join(' && ') }],
  }))
  const comment =
    'The secrets of templates that adapt: in these projects only. GitLab looks for the files where this one is from.'
  return [{ key: 'include', comment, value }]
}

const shellEntry: GitlabEntry = {
  key: shellJob,
  comment: 'What the other templates call. A job does not extend this one.',
  value: { script: [shellFunctions] },
}

function adapted(template: Named, via: Via): GitlabEntry {
  const note = 'In every project; the secrets are there where the include above adds them.'
  const comment = `${templateComment(template, via)}\n${note}`
  return { key: template.name, comment, value: everywhere(template.roles[0] as JobRole, via) }
}

const besideProject = 'Beside the project, Vault asks for this, and without it a job fails at its login:'

function part(template: Named, options: JobsOptions): GitlabDocument {
  const role = template.roles[0] as JobRole
  const { rules, project, unseen } = conditionsOf(role.role)
  const more = [...rules.filter((condition) => !project.includes(condition)), ...unseen]
  const comment =
    more.length === 0 ? {} : { comment: [besideProject, ...more.map((condition) => `  ${condition}`)].join('\n') }
  return {
    comment: partComment(options),
    entries: [{ key: template.name, ...comment, value: whereBound(role, options.via) }],
  }
}
