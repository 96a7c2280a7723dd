import type { JsonValue } from '../../core/json.ts'

type Claims = Record<string, JsonValue>
type SetOpen = (claim: string, value: string) => void

/** All claims that may follow others below. */
export const followers: ReadonlySet<string> = new Set([
  'ref_path',
  'ref_type',
  'ref',
  'project_id',
  'project_path',
  'namespace_id',
  'namespace_path',
  'sub',
])

/**
 * Makes claims that say the same thing agree, as in a token that GitLab issues: those that are open follow the others.
 * Source: lib/gitlab/ci/jwt_v2.rb and lib/json_web_token/user_project_token_claims.rb of GitLab.
 */
export function makeConsistent(claims: Claims, isOpen: (claim: string) => boolean): void {
  const set: SetOpen = (claim, value) => {
    if (value !== '' && isOpen(claim)) claims[claim] = value
  }
  if (!isOpen('ref') || !isOpen('ref_type')) set('ref_path', refPathOf(claims))
  const [, kind, ref] = /^refs\/(heads|tags)\/(.+)$/s.exec(textOf(claims['ref_path'])) ?? []
  if (kind !== undefined) set('ref_type', kind === 'tags' ? 'tag' : 'branch')
  set('ref', ref ?? '')
  // A pipeline of the project's own, where nothing says otherwise: its code is that of the project that runs it.
  for (const claim of ['project_id', 'project_path', 'namespace_id', 'namespace_path'])
    set(claim, textOf(claims[`job_${claim}`]))
  alignPaths(claims, isOpen, set)
  const subject = ['project_path', 'ref_type', 'ref'].map((claim) => `${claim}:${textOf(claims[claim])}`)
  set('sub', subject.join(':'))
}

function refPathOf(claims: Claims): string {
  const ref = textOf(claims['ref'])
  return ref === '' ? '' : `refs/${claims['ref_type'] === 'tag' ? 'tags' : 'heads'}/${ref}`
}

/** A project's path begins with that of its namespace. */
function alignPaths(claims: Claims, isOpen: (claim: string) => boolean, set: SetOpen): void {
  const [project, namespace] = [textOf(claims['project_path']), textOf(claims['namespace_path'])]
  if (!isOpen('namespace_path') && namespace !== '' && !project.startsWith(`${namespace}/`))
    set('project_path', `${namespace}/project`)
  else set('namespace_path', project.slice(0, Math.max(0, project.lastIndexOf('/'))))
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
