import { missedSecrets, whoReads } from '../missed-secrets.ts'
import { missesData } from '../policy-kv2.ts'
import type { Rule } from '../rule.ts'

export const glv30: Rule = {
  id: 'GLV30',
  title: 'a secret that its policy misses by data/',
  level: 'warning',
  why: 'A kv-v2 engine keeps what "vault kv" and GitLab call ops/app at ops/data/app. A policy has to say data/, as older pages of GitLab do not: without it every job that reads the secret is refused.',
  example: {
    bad: 'path "ops/+/db" { capabilities = ["read"] }',
    good: 'path "ops/data/+/db" { capabilities = ["read"] }',
  },
  *check(subject) {
    for (const missed of missedSecrets(subject)) {
      const { role, name, mount, policy, rule } = missed
      // A block that is wrong whoever reads what is VWP11's.
      if (missesData({ rule }, subject)) continue
      const object = subject.environment.desired.find(({ path }) => path === `sys/policies/acl/${policy.name}`)
      yield {
        object: object ?? role.object,
        ...(object === undefined ? { field: ['secrets', name] } : { field: ['policy'], position: rule.position }),
        message: `policy ${policy.name} allows reading "${rule.written}", but ${whoReads(missed)}`,
        help: `Write path "${mount}/data/…" in the policy: the engine is kv-v2.`,
      }
    }
  },
}
