import { forJobRoles, globsOf } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

/** Claims that are the path of a project or a group, or begin with one after these words. */
const claims: readonly (readonly [claim: string, before: RegExp])[] = [
  ...['', 'job_', 'source_'].flatMap((whose) =>
    [`${whose}project_path`, `${whose}namespace_path`].map((claim) => [claim, /^/] as const),
  ),
  ['groups_direct', /^/],
  ['sub', /^(?:project|namespace)_path:/],
  ['ci_config_ref_uri', /^[^/*]+\//],
]

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
    for (const [claim, before] of claims)
      for (const glob of globsOf(role, claim).filter((value) => isOpen(value, before)))
        yield {
          field: ['bound_claims', claim],
          message: `role ${role.label} admits ${claim} "${glob}", which "${squatter(glob)}" fits as well`,
          help: 'Bind project_id or namespace_id instead; a path may only end in "/*", after a whole group.',
        }
  }),
}

/** Whether the first "*" stands elsewhere than after a whole group; "*" alone is another rule's. */
function isOpen(glob: string, before: RegExp): boolean {
  if (/^\*+$/.test(glob) || !before.test(glob)) return false
  const path = glob.replace(before, '')
  const [first = ''] = path.split('*')
  // What follows the path in "sub" and in ci_config_ref_uri may be open.
  if (/[:@]/.test(first)) return false
  return !/^[^*]+\/\*+(?:$|[:@]|\/\/)/.test(path)
}

/** Somebody's project that fits. */
function squatter(glob: string): string {
  const [first = '', ...rest] = glob.split('*')
  const filler =
    first === '' || first.endsWith(':')
      ? 'mallory/x'
      : first.endsWith('/')
        ? 'x/mallory'
        : rest.join('') === ''
          ? '-evil/x'
          : '-evil'
  return [first, ...rest.map((part, index) => (index === 0 ? `${filler}${part}` : part))].join('')
}
