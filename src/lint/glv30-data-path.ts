import type { SecretUse } from '../core/configuration.ts'
import { ruleFor } from './gitlab-power.ts'
import { type JobRole, jobRoles } from './gitlab-roles.ts'
import type { Finding, LintSubject, Rule } from './rule.ts'

export const glv30: Rule = {
  id: 'GLV30',
  title: 'a secret that its policy misses by data/',
  level: 'warning',
  why: 'A kv-v2 engine keeps what "vault kv" and GitLab call ops/app at ops/data/app. A policy has to say data/, as older pages of GitLab do not: without it every job that reads the secret is refused.',
  example: {
    bad: 'path "ops/production/*" { capabilities = ["read"] }',
    good: 'path "ops/data/production/*" { capabilities = ["read"] }',
  },
  *check(subject) {
    for (const role of jobRoles(subject))
      for (const name of Object.keys(role.secrets)) {
        const secret = role.secrets[name]
        if (secret?.engine !== 'kv-v2') continue
        yield* missing(subject, role, name, secret)
      }
  },
}

/** Only where a policy of the role allows the path without data/: then it is clear what was meant. */
function* missing(subject: LintSubject, role: JobRole, name: string, { mount, path }: SecretUse): Generator<Finding> {
  const read = `${mount}/data/${path}`
  if (ruleFor(subject, role, read)?.capabilities.has('read')) return
  const meant = ruleFor(subject, role, `${mount}/${path}`)
  const [from] = meant?.capabilities.has('read') ? meant.from : []
  if (from === undefined) return
  const policy = subject.environment.desired.find((object) => object.path === `sys/policies/acl/${from.policy.name}`)
  yield {
    object: policy ?? role.object,
    ...(policy === undefined ? { field: ['secrets', name] } : { field: ['policy'], position: from.rule.position }),
    message: `policy ${from.policy.name} allows reading "${from.rule.written}", but jobs of role ${role.label} read the secret ${name} at "${read}"`,
    help: `Write path "${mount}/data/…" in the policy: the engine is kv-v2.`,
  }
}
