import { groupBy } from '../../core/group-by.ts'
import { stableStringify } from '../../core/json.ts'
import type { JobRole } from '../job-role.ts'

/** Roles whose templates would be word for word the same are one. */
export interface Named {
  readonly name: string
  /** Of the same name and content, by environment; never empty. */
  readonly roles: readonly JobRole[]
}

/**
 * `.vault-<role>`; where two roles of that name differ, the environment is added, then the mount. Every role takes part, so
 * that a name does not depend on which of them are written this time.
 *
 * @param content what the template of a role holds
 */
export function nameTemplates(roles: readonly JobRole[], content: (role: JobRole) => string): readonly Named[] {
  const contents = new Map(roles.map((role) => [role, content(role)]))
  const spellings: readonly ((role: JobRole) => string)[] = [
    ({ name }) => name,
    ({ name, environment }) => (hasPart(name, environment.name) ? name : `${name}-${environment.name}`),
    ({ name, environment, mount }) => `${name}-${environment.name}-${mount}`,
    ({ name, environment, mount }) => stableStringify([name, environment.name, mount]),
  ]
  const last = spellings.length - 1
  const nameOf = ({ role, at }: Level) => spellings[at]?.(role) ?? ''
  const differ = (group: readonly Level[]) => new Set(group.map(({ role }) => contents.get(role))).size > 1
  let levels: readonly Level[] = roles.map((role) => ({ role, at: 0 }))
  for (;;) {
    const named = groupBy(levels, nameOf)
    const raised = new Set([...named.values()].filter(differ).flat())
    if (raised.size === 0)
      return [...named].map(([name, group]) => ({ name: `.vault-${name}`, roles: group.map(roleOf) }))
    levels = levels.map((level) => (raised.has(level) ? { ...level, at: Math.min(level.at + 1, last) } : level))
  }
}

interface Level {
  readonly role: JobRole
  readonly at: number
}

function roleOf({ role }: Level): JobRole {
  return role
}

/** Whether a name says the environment already: `shop-production` does, `shop-productions` does not. */
function hasPart(name: string, environment: string): boolean {
  return `-${name.replace(/[._]/g, '-')}-`.includes(`-${environment.toLowerCase().replace(/[._]/g, '-')}-`)
}
