import * as z from 'zod'
import type { LintException, Settings } from '../core/configuration.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { Kinds } from '../core/kind.ts'
import { titles } from '../lint/titles.ts'
import { check } from './explain.ts'
import { type Layer, placeIn } from './merge.ts'
import { limitsOf, limitsSchema } from './plan-limits.ts'
import type { Problems } from './problems.ts'
import { locationOf, type TextFile } from './text.ts'
import { singleDocument } from './yaml.ts'

const jobsSchema = z
  .strictObject({
    file: z
      .string()
      .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).*\.ya?ml$/, {
        error: 'must be a .yml file in this folder, such as gitlab/vault-jobs.yml',
      })
      .meta({ description: 'The file to write, such as gitlab/vault-jobs.yml.' })
      .optional(),
    via: z
      .enum(['secrets', 'exec', 'script'])
      .meta({
        description: "How jobs get secrets: GitLab's own secrets (Premium), vaultwright exec, or a script with curl.",
      })
      .optional(),
    adapt: z
      .array(z.string().min(1))
      .meta({
        description:
          'Roles whose templates exist in every project, with secrets only in those that the role binds; * is any text.',
      })
      .optional(),
  })
  .meta({ description: 'What "vaultwright gitlab jobs" writes.' })

const roleName = (job: string) =>
  z
    .string()
    .min(1)
    .meta({ description: `The role of ${job}; \${environment} is filled in.`, default: `vaultwright-${job}` })
    .optional()

const pipelineSchema = z
  .strictObject({
    file: z
      .string()
      .regex(/\.ya?ml$/, { error: 'must be a .yml file, such as .gitlab-ci.yml' })
      .meta({ description: 'The file to write, such as .gitlab-ci.yml, relative to this folder.' })
      .optional(),
    image: z
      .string()
      .min(1)
      .meta({ description: 'The image of its jobs, with Node.js.', default: 'node:22' })
      .optional(),
    before_script: z
      .array(z.string())
      .meta({ description: 'What makes vaultwright available in that image; empty where it is there.' })
      .optional(),
    roles: z
      .strictObject({ plan: roleName('plan'), apply: roleName('apply'), drift: roleName('drift') })
      .meta({ description: 'The roles that its jobs log in to.' })
      .optional(),
    manual: z
      .array(z.string().min(1))
      .meta({
        description: 'Environments that somebody applies by hand, * is any text; without this, those of production.',
      })
      .optional(),
    note: z
      .boolean()
      .meta({ description: 'Post plans as notes of the merge request, which takes an access token of the project.' })
      .optional(),
  })
  .meta({ description: 'What "vaultwright gitlab pipeline" writes.' })

const gitlabSchema = z
  .strictObject({
    edition: z
      .enum(['free', 'premium', 'ultimate'])
      .meta({ description: 'Which features there are; free stands for the Community Edition as well.' })
      .optional(),
    version: z
      .string()
      .regex(/^\d+\.\d+(\.\d+)?$/, { error: 'must be a version in quotes, such as "18.4"' })
      .meta({ description: 'Its version, such as "18.4": which claims its ID tokens have.' })
      .optional(),
    runner: z
      .string()
      .regex(/^\d+\.\d+(\.\d+)?$/, { error: 'must be a version in quotes, such as "16.11"' })
      .meta({ description: 'The version of the oldest runner that runs the jobs, such as "16.11".' })
      .optional(),
    jobs: jobsSchema.optional(),
    pipeline: pipelineSchema.optional(),
  })
  .meta({ description: 'The GitLab whose jobs log in; what is left out is not taken for granted.' })

const level = z.enum(['off', 'info', 'warning', 'error'])

const levelsSchema = z
  .strictObject(
    Object.fromEntries(
      Object.entries(titles).map(([id, title]) => [id, level.meta({ description: title }).optional()]),
    ),
  )
  .meta({ description: "Levels of rules, by ID, where they differ from the rules' own." })

const exceptionSchema = z.strictObject({
  rule: z.enum(Object.keys(titles)).meta({ description: 'The ID of the rule.' }),
  object: z.string().min(1).meta({ description: 'The address of the object; * is any text.' }),
  environment: z.string().min(1).meta({ description: 'The only environment that it is for.' }).optional(),
  reason: z
    .string()
    .regex(/\S/, { error: 'must say why' })
    .meta({ description: 'Why this is right here, for whoever reviews it.' }),
  until: z.iso
    .date({ error: 'must be a date such as 2027-03-01' })
    .meta({ description: 'The last day on which it counts.' }),
})

const lintSchema = z
  .strictObject({
    levels: levelsSchema.optional(),
    exceptions: z
      .array(exceptionSchema)
      .meta({ description: 'Findings that are allowed, each for a reason and for a time.' })
      .optional(),
    administrators: z
      .array(z.string().min(1))
      .meta({
        description: 'Policies that are meant to change who may do what; * is any text.',
        default: ['vaultwright-*'],
      })
      .optional(),
  })
  .meta({ description: 'What "vaultwright check" says about things that are allowed and still mistakes.' })

const ownKeys = z.strictObject({
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' }))
    .meta({ description: 'Names of environment variables that ${env:NAME} may read outside write-only fields.' })
    .optional(),
  external_policies: z
    .array(z.string().min(1))
    .meta({ description: 'Policies that roles may name although no file here describes them; * is any text.' })
    .optional(),
  gitlab: gitlabSchema.optional(),
  lint: lintSchema.optional(),
})

/** Limits name kinds, which are a table of their own. */
export function settingsSchema(kinds: Kinds) {
  return ownKeys.extend({ limits: limitsSchema(kinds).optional() })
}

/** Those that this program makes for its own roles. */
const administrators: readonly string[] = ['vaultwright-*']

export const noSettings: Settings = {
  env: [],
  externalPolicies: [],
  gitlab: {},
  lint: { levels: {}, exceptions: [], administrators },
  limits: {},
}

type Written = z.infer<ReturnType<typeof settingsSchema>>

/** `vaultwright.yaml`; nothing is allowed and nothing is external where there is none. */
export function readSettings(file: TextFile | undefined, kinds: Kinds, problems: Problems): Settings {
  if (file === undefined || saysNothing(file)) return noSettings
  const document = singleDocument(file, problems, new Set())
  const layers = document ? [{ document, at: [] }] : []
  const settings =
    document &&
    check(settingsSchema(kinds), document.value, { problems, place: (path, what) => placeIn(layers, path, what) })
  if (settings === undefined) problems.mute('unknown-policy', 'env-not-allowed')
  const good: Written = settings ?? goodKeys(document?.value)
  return {
    env: good.env ?? [],
    externalPolicies: good.external_policies ?? [],
    limits: limitsOf(good.limits),
    gitlab: (good.gitlab ?? {}) as Settings['gitlab'],
    lint: {
      levels: (good.lint?.levels ?? {}) as Settings['lint']['levels'],
      exceptions: exceptionsOf(good.lint?.exceptions ?? [], layers),
      administrators: good.lint?.administrators ?? administrators,
    },
  }
}

/** All of it is optional, so a file whose last line was commented out is as good as none. */
function saysNothing({ text }: TextFile): boolean {
  return text.split('\n').every((line) => /^(---)?\s*(#.*)?$/.test(line.trimEnd()))
}

function exceptionsOf(written: readonly z.infer<typeof exceptionSchema>[], layers: readonly Layer[]): LintException[] {
  return written.map(({ environment, ...exception }, index) => ({
    ...exception,
    ...(environment === undefined ? {} : { environment }),
    location: locationOf(placeIn(layers, ['lint', 'exceptions', String(index), 'rule'])),
  }))
}

/** What can be understood beside a mistake: it must not look as if it were not there. */
function goodKeys(value: JsonValue | undefined): Written {
  const { env, external_policies } = ownKeys.shape
  const written = isObject(value) ? value : {}
  return {
    env: env.safeParse(written['env']).data,
    external_policies: external_policies.safeParse(written['external_policies']).data,
  }
}
