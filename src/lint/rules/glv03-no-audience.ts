import { meets } from '../../core/version.ts'
import { forJobRoles, texts } from '../gitlab-roles.ts'
import type { LintSubject, Rule } from '../rule.ts'

export const glv03: Rule = {
  id: 'GLV03',
  title: 'no audience',
  level: 'error',
  why: 'An ID token says in "aud" whom it is for. Servers since Vault 1.17, and OpenBao, refuse every token of GitLab at a role without bound_audiences; older ones take tokens that a job made for somebody else, who can then log in with them.',
  example: { bad: 'bound_audiences: []', good: 'bound_audiences: [https://vault.example.com]' },
  check: forJobRoles(function* (role, subject) {
    if (texts(role.role['bound_audiences']).length > 0) return
    yield {
      field: ['bound_audiences'],
      message: `role ${role.label} has no bound_audiences: ${consequence(subject)}`,
      help: 'Write bound_audiences: ["https://vault.example.com"], the address that the jobs ask for under id_tokens: aud.',
    }
  }),
}

/** CVE-2024-5798; OpenBao never had it. */
function consequence({ model: { server } }: LintSubject): string {
  return meets(server, { vault: '1.17', openbao: '0' })
    ? 'the server refuses every job with "audience claim found in JWT but no audiences bound to the role"'
    : 'a token that a job made for any other service logs in here'
}
