import type { Acl } from '../../src/access/acl/acl.ts'
import { findAll, pathWithin } from '../../src/access/acl/find.ts'

const byPath: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['trailing slash', /\/$/],
  ['leading slash', /^\//],
  ['double slash', /\/\//],
  ['dot segments', /(^|\/)\.\.?(\/|$)/],
  ['unicode', /[^ -~]/],
  ['upper case', /[A-Z]/],
  ['+ in the path', /\+/],
  ['* in the path', /\*/],
]

/** What makes a question one of the corners: of its path, and of the rules that match it. */
export function classesOf(acl: Acl, path: string): readonly string[] {
  const { winner, beaten } = findAll(acl, pathWithin(acl, path), true)
  const classes = byPath.flatMap(([name, pattern]) => (pattern.test(path) ? [name] : []))
  if (winner === undefined) return [...classes, 'no rule']
  const policies = winner.from.map(({ policy }) => policy.name)
  const wildcards = [winner, ...beaten.map(({ rule }) => rule)].filter(({ match }) => match !== 'exact')
  const among = (because: string) => beaten.some((one) => one.because === because)
  const when = (name: string, condition: boolean) => (condition ? [name] : [])
  return [
    ...classes,
    `${winner.match} rule`,
    ...when('overlapping wildcards', wildcards.length > 1),
    ...when('exact over wildcard', winner.match === 'exact' && wildcards.length > 0),
    ...when('slash decides', among('with trailing slash first') || among('without trailing slash first')),
    ...when('by fewer +', among('fewer +')),
    ...when('by no trailing *', among('no trailing *')),
    ...when('by length', among('longer')),
    ...when('by text', among('lexicographic')),
    ...when('* in the middle', winner.pattern.slice(0, -1).includes('*')),
    ...when('deny', winner.capabilities.has('deny')),
    ...when('empty block', winner.capabilities.size === 0),
    ...when('sudo', winner.capabilities.has('sudo')),
    ...when('doubled across policies', new Set(policies).size > 1),
    ...when('doubled within a policy', new Set(policies).size < policies.length),
    ...when(
      'filled template',
      winner.from.some(({ rule }) => rule.templated),
    ),
  ]
}
