import type { Binding, EnvironmentBindings } from '../../access/why/bindings.ts'
import { formatDuration } from '../../core/duration.ts'
import { matchesGlob } from '../../core/glob.ts'
import type { JsonValue } from '../../core/json.ts'
import { whoWords } from '../access/matrix-words.ts'
import { whereWords } from '../bindings/words.ts'
import { fence, span } from '../markdown-span.ts'
import { madeBy, pages, type ReportFacts } from './facts.ts'

/** What the other pages are, and why a job may trust them: the way of a token with the names of this configuration. */
export function indexPage(facts: ReportFacts): string {
  return [
    `<!-- ${madeBy} -->`,
    '# Vault access of GitLab jobs',
    '',
    ...contents(facts),
    ...trustModel(facts),
    ...facts.bindings.flatMap(scopeLines),
    ...usageLines(facts),
  ].join('\n')
}

function contents({ vault }: ReportFacts): string[] {
  const scripts = vault.map(({ environment }) => link(pages.script(environment))).join(', ')
  return [
    `- (a) ${link(pages.vault)}: roles and policies; to run: ${scripts}`,
    `- (b) ${link(pages.jobs)}: \`id_tokens\` and \`secrets\` of every role, for jobs to extend`,
    `- (c) ${link(pages.bindings)}: who is bound to what in each environment; for spreadsheets ${link(pages.bindingsCsv)}`,
    `- (d) ${link(pages.cutover)}: from static variables to Vault`,
    `- (e) ${link(pages.failures)}: what goes wrong, with the exact words of it`,
    '',
  ]
}

function link(file: string): string {
  return `[${file}](${encodeURI(file)})`
}

function trustModel({ bindings, vault, via }: ReportFacts): string[] {
  const rows = bindings.flatMap((environment) => environment.bindings.map(({ row }) => row))
  if (rows.length === 0) return ['No role is described, so no job gets in.', '']
  const trust = vault.flatMap(({ objects }) =>
    objects.flatMap((object) => (object.as === 'auth-config' ? [trustLine(object.mount, object.spec)] : [])),
  )
  const audiences = [...new Set(rows.flatMap((row) => row.audiences))]
  const longest = rows.reduce((most, { maxTtl }) => Math.max(most, maxTtl), 0)
  return [
    '## The trust model',
    '',
    'No token of Vault is stored in GitLab, and no secret.',
    '',
    '1. GitLab signs an ID token for each job. Its claims say of the job what nobody in it can change: the project whose code',
    '   runs (`project_id`) and the one that runs it (`job_project_id`), the branch (`ref_path`), whether that is protected',
    '   (`ref_protected`), the environment, what started the pipeline. `id_tokens` asks for it, with the audience',
    `   ${audiences.map(span).join(' or ')}, so that it is good for nobody else.`,
    '2. Vault checks the signature with the keys that the issuer publishes, then issuer, audience and times:',
    '',
    ...[...new Set(trust)].map((line) => `   - ${line}`),
    '',
    '3. The job names a role. Every claim that the role binds must fit, or the login ends with HTTP 400 and the job with it.',
    `4. The job gets a token of Vault with the policies of that role, for ${formatDuration(longest)} at most.`,
    `   ${endings[via]}`,
    '5. With that token it reads what its policies grant: of a role with secrets, their paths.',
    '',
    'Names such as `environment: production` are free text in a pipeline file. What makes them mean something is that the role',
    'binds, beside the name, what only GitLab decides: a protected branch, a protected environment, the source of the pipeline.',
    '',
  ]
}

const endings: Readonly<Record<ReportFacts['via'], string>> = {
  secrets: "GitLab's runner does not revoke it: its TTL is what ends it.",
  exec: '`vaultwright exec` revokes it after the command; a batch token, which nobody can revoke, ends with its TTL.',
  script: 'The script revokes it when it is done; a batch token, which nobody can revoke, ends with its TTL.',
}

function trustLine(mount: string, spec: Readonly<Record<string, JsonValue>>): string {
  const keys = spec['oidc_discovery_url'] ?? spec['jwks_url'] ?? 'keys in its configuration'
  const issuer = spec['bound_issuer']
  return `${span(`auth/${mount}`)} trusts keys from ${span(String(keys))}${issuer === undefined ? ', of any issuer' : `, of issuer ${span(String(issuer))}`}.`
}

/** What a merge request's pipeline has in its claims when it comes from an ordinary branch of the project itself. */
const mergeRequest: Readonly<Record<string, string>> = {
  pipeline_source: 'merge_request_event',
  ref: 'the-branch-of-the-merge-request',
  ref_path: 'refs/heads/the-branch-of-the-merge-request',
  ref_protected: 'false',
}

function scopeLines(environment: EnvironmentBindings): string[] {
  const reading = environment.bindings.filter(({ secrets }) => Object.keys(secrets).length > 0)
  if (reading.length === 0) return []
  return [
    `## Who reads secrets in ${span(environment.environment)}`,
    '',
    `On ${span(whereWords(environment))}.`,
    '',
    ...reading.flatMap(({ row }) => {
      const against = unfit(row)
      return [
        `- ${span(`${row.mount}/${row.role}`)}: ${span(whoWords(row))}.`,
        against.length > 0
          ? `  A merge request’s job from an unprotected branch is refused, whatever environment it names: ${against.map(refusal).join(' or ')}.`
          : '  Jobs of merge requests are admitted as well: the role binds nothing that tells them apart.',
      ]
    }),
    '',
  ]
}

function unfit({ claims, ...row }: Binding['row']): readonly string[] {
  if (row.nobody !== undefined) return []
  return Object.entries(mergeRequest)
    .filter(([claim, value]) => claim in claims && ![claims[claim]].flat().some((bound) => fits(bound, value)))
    .map(([claim]) => claim)
}

/** As a glob, which takes at least what a plain text takes: a claim is called unfit only where it is. */
function fits(bound: JsonValue | undefined, value: string): boolean {
  return typeof bound === 'string' && matchesGlob(bound, value)
}

function refusal(claim: string): string {
  return span(`error validating claims: claim "${claim}" does not match any associated bound claim values`)
}

const ways: Readonly<Record<ReportFacts['via'], string>> = {
  secrets: 'The runner reads the secrets before the script begins (GitLab Premium or Ultimate).',
  exec: '`vaultwright exec` reads the secrets for one command, and revokes the token after it.',
  script: 'Lines of a shell read the secrets with curl, and revoke the token.',
}

function usageLines({ bindings, via, inShell }: ReportFacts): string[] {
  const first = bindings.flatMap((environment) => environment.bindings).find(({ template }) => template !== undefined)
  if (first?.template === undefined) return []
  const run = './deploy.sh'
  return [
    '## In a job',
    '',
    ways[via],
    '',
    fence(
      'yaml',
      [
        'deploy:',
        `  extends: ${first.template}`,
        `  script: [${inShell === undefined ? run : `'${inShell} ${run}'`}]`,
      ].join('\n'),
    ),
    '',
    'One job has one role: for secrets of two roles, make two jobs. The first secret of a job decides the token and the role of',
    'all of them.',
    '',
  ]
}
