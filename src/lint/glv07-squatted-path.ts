import { forJobRoles, globsOf } from './gitlab-roles.ts'
import type { Rule } from './rule.ts'

const paths = ['', 'job_', 'source_'].flatMap((whose) => [`${whose}project_path`, `${whose}namespace_path`])

export const glv07: Rule = {
  id: 'GLV07',
  title: "a path that somebody else's group can fit",
  level: 'error',
  why: 'In a glob, * stands for any text, slashes included. "mygroup*" fits the group "mygroup-evil" and "*/deploy" any group\'s project: whoever registers a name that fits gets in.',
  example: {
    bad: 'bound_claims_type: glob\nbound_claims: { project_path: "mygroup*" }',
    good: 'bound_claims: { namespace_id: "9", job_namespace_id: "9" }',
  },
  check: forJobRoles(function* (role) {
    for (const claim of paths) {
      const open = globsOf(role, claim).filter((glob) => !/^\*+$/.test(glob) && !/^[^*]+\/\*$/.test(glob))
      for (const glob of open)
        yield {
          field: ['bound_claims', claim],
          message: `role ${role.label} admits ${claim} "${glob}", which "${squatter(glob)}" fits as well`,
          help: 'Bind project_id or namespace_id instead; a path may only end in "/*", after a whole group.',
        }
    }
  }),
}

/** Somebody's project that fits. */
function squatter(glob: string): string {
  const [first = '', ...rest] = glob.split('*')
  const filler =
    first === '' ? 'mallory/x' : first.endsWith('/') ? 'x/mallory' : rest.join('') === '' ? '-evil/x' : '-evil'
  return [first, ...rest.map((part, index) => (index === 0 ? `${filler}${part}` : part))].join('')
}
