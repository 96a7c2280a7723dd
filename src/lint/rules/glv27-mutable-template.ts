import { gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import type { PathRule } from '../../access/policy/policy.ts'
import { isObject } from '../../core/json.ts'
import { type JobRole, jobRoles, texts } from '../gitlab-roles.ts'
import type { Finding, LintSubject, Rule } from '../rule.ts'

export const glv27: Rule = {
  id: 'GLV27',
  title: 'a policy that follows a name',
  level: 'info',
  why: 'A policy that is filled in with a path, a login or an address changes with every rename, and whoever gets the name later gets the access. project_id stays; claim_mappings copies it into the metadata (strings only, so not runner_id).',
  example: {
    bad: 'path "ops/data/{{identity.entity.aliases.auth_jwt_1.metadata.project_path}}/*" { capabilities = ["read"] }',
    good: 'path "ops/data/{{identity.entity.aliases.auth_jwt_1.metadata.project_id}}/*" { capabilities = ["read"] }',
  },
  *check(subject) {
    const users = usersOf(subject)
    for (const object of subject.environment.desired) {
      const name = /^sys\/policies\/acl\/(.+)$/s.exec(object.path)?.[1]
      const parsed = name === undefined ? undefined : subject.policies.get(name)
      if (name === undefined || parsed === undefined || !('policy' in parsed)) continue
      for (const rule of parsed.policy.rules.filter(({ templated }) => templated))
        for (const claim of mutableClaims(rule, users.get(name) ?? []))
          yield {
            object,
            field: ['policy'],
            position: rule.position,
            message: `policy ${name} fills the claim ${claim} into the path "${rule.written}", and it can change hands`,
            help: 'Map project_id with claim_mappings: { project_id: project_id }, and fill that in.',
          }
    }
    for (const role of jobRoles(subject)) yield* templatedNames(role)
  },
}

/** Roles by the policies that they name. */
function usersOf(subject: LintSubject): ReadonlyMap<string, readonly JobRole[]> {
  const users = new Map<string, JobRole[]>()
  for (const role of jobRoles(subject))
    for (const name of texts(role.role['token_policies'])) {
      const known = users.get(name)
      if (known === undefined) users.set(name, [role])
      else known.push(role)
    }
  return users
}

const aliasField = /\{\{\s*identity\.entity\.aliases\.[^.{}]+\.(?:(name)|metadata\.([^\s{}]+))\s*\}\}/g

function mutableClaims(rule: PathRule, users: readonly JobRole[]): ReadonlySet<string> {
  const claims = [...rule.written.matchAll(aliasField)].flatMap(([, name, key = '']) =>
    name === undefined ? mappedTo(key, users) : users.map(({ role }) => String(role['user_claim'])),
  )
  return new Set(claims.filter(isMutable))
}

/** Where no role of these files maps a claim to the key, the key is taken for the claim's name. */
function mappedTo(key: string, users: readonly JobRole[]): string[] {
  const claims = users.flatMap(({ role }) => {
    const mappings = role['claim_mappings']
    return Object.entries(isObject(mappings) ? mappings : {}).flatMap(([claim, to]) => (to === key ? [claim] : []))
  })
  return claims.length === 0 ? [key] : claims
}

function isMutable(claim: string): boolean {
  return gitlabClaim(topClaim(claim))?.mutable === true
}

/** OpenBao can fill names of policies in from the claims themselves: `{{.project_path}}`. */
function* templatedNames({ object, label, role }: JobRole): Generator<Finding> {
  if (role['token_policies_template_claims'] !== true) return
  for (const name of texts(role['token_policies'])) {
    const claims = [...name.matchAll(/\{\{[^}]*?\.(\w+)[^}]*\}\}/g)].map(([, claim = '']) => claim)
    for (const claim of new Set(claims.filter(isMutable)))
      yield {
        object,
        field: ['token_policies'],
        message: `role ${label} fills the claim ${claim} into the name of the policy "${name}", and it can change hands`,
        help: 'Name the policies by project_id: "{{.project_id}}".',
      }
  }
}
