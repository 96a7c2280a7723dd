import { parse } from 'yaml'
import { modelOf } from '../../../src/access/model.ts'
import { gitlabYaml } from '../../../src/config/gitlab-document.ts'
import { jobRoles } from '../../../src/gitlab/job-role.ts'
import { admissionWarnings } from '../../../src/gitlab/pipeline/admission.ts'
import { type PipelineOptions, pipelineDocument } from '../../../src/gitlab/pipeline/pipeline.ts'
import { pipelinePlaces, usualRoles } from '../../../src/gitlab/pipeline/roles.ts'
import { kinds } from '../../../src/kinds/index.ts'
import { type Files, loadFiles, told } from '../../support/files.ts'

/** Files of an environment, and of the three roles, in which a test changes what it is about. */
export function environment(more = ''): string {
  const config =
    'config: { oidc_discovery_url: "https://gitlab.example.com", bound_issuer: "https://gitlab.example.com" }'
  return `${more}auth: { jwt: { type: jwt, ${config} } }\n`
}

const project = 'project_id: "7", job_project_id: "7"'
const main = `${project}, ref_path: refs/heads/main, ref_protected: "true"`

export function role(claims: string, more = ''): string {
  const audience = more.includes('bound_audiences') ? '' : 'bound_audiences: [https://vault]\n'
  const where = more.includes('environments:') ? '' : 'environments: [staging, production]\n'
  return `${where}role_type: jwt\nuser_claim: project_id\n${audience}bound_claims: { ${claims} }\ntoken_policies: [p]\n${more}`
}

export const files: Files = {
  'environments/staging.yaml': environment(),
  'environments/production.yaml': environment(),
  'roles/vaultwright-plan.yaml': role(project),
  'roles/vaultwright-apply.yaml': role(`${main}, pipeline_source: [push, web]`),
  'roles/vaultwright-drift.yaml': role(`${main}, pipeline_source: [schedule]`),
  'policies/p.hcl': 'path "x" { capabilities = ["read"] }\n',
}

export async function placed(changes: Files = {}, names = usualRoles) {
  const configuration = await loadFiles({ ...files, ...changes })
  const errors = told(configuration).filter((line) => !line.startsWith('GLV'))
  if (errors.length > 0) throw new Error(errors.join('\n'))
  const { environments } = configuration
  return { configuration, ...pipelinePlaces(environments, jobRoles(environments), names) }
}

export async function written(changes: Files = {}, options: Partial<PipelineOptions> = {}): Promise<string> {
  const { places } = await placed(changes)
  return gitlabYaml(
    pipelineDocument(places, {
      command: 'vaultwright gitlab pipeline',
      staleness: [],
      image: 'node:20',
      beforeScript: [],
      directory: '',
      note: false,
      snapshots: true,
      ...options,
    }),
  )
}

/** The jobs as GitLab reads them. */
export async function jobs(changes: Files = {}, options: Partial<PipelineOptions> = {}) {
  return parse(await written(changes, options), { version: '1.1' }) as Record<string, Record<string, never>>
}

/** Codes and messages of all places. */
export async function warnings(changes: Files = {}): Promise<readonly string[]> {
  const { places } = await placed(changes)
  return places.flatMap((place) => {
    const { desired, server } = place.environment
    const found = admissionWarnings(place, modelOf(desired, { kinds, server }))
    return found.map(({ code, message, help }) => `${code}: ${message} | ${help}`)
  })
}
