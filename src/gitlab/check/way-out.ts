import type { TokenPolicies } from '../../access/why/token-policies.ts'
import { policyLine } from '../../core/policy-line.ts'
import type { JobRole } from '../job-role.ts'

/** All that an advice has to spare: it must not open to others what one job lacks. */
export interface Surroundings {
  readonly roles: readonly JobRole[]
  /** How many policies are made of a file, in all environments. */
  readonly policiesOf: (file: string) => number
  /** Whether the tokens of a role may read the path for certain. */
  readonly reads: (role: JobRole, path: string) => boolean
}

/** Asking more of them about one path takes longer than it helps. */
const mostAsked = 2_000

/** What to do for a job whose role may not read a path. A rule to paste is said only where no other role would get it. */
export function wayOut(role: JobRole, token: TokenPolicies, path: string, around: Surroundings): string {
  const inside = around.roles.filter(({ environment }) => environment === role.environment)
  const reader = inside.slice(0, mostAsked).find((one) => around.reads(one, path))
  const foreign = foreignTo(role, path, reader !== undefined, around)
  if (foreign !== undefined)
    return `${foreign} Read what ${role.environment.name} has instead; if both are to share it, add a rule to a policy that only this role has.`
  const other =
    reader === undefined
      ? ''
      : `Role ${reader.name} at auth/${reader.mount} of ${role.environment.name} may read it. If this role is to as well: `
  return `${other}${ruleToAdd(role, token, path, around)}`
}

/** Why the path seems to be another environment's. */
function foreignTo(
  { environment: own }: JobRole,
  path: string,
  readHere: boolean,
  { roles, reads }: Surroundings,
): string | undefined {
  const others = roles.filter(({ environment }) => environment !== own)
  const named = namedIn(path, new Set([own.name, ...others.map(({ environment }) => environment.name)]))
  if (named.includes(own.name)) return undefined
  if (named.length > 0) return `The path has the name of ${named[0]} in it, and this role is of ${own.name}.`
  const reader = readHere ? undefined : others.slice(0, mostAsked).find((one) => reads(one, path))
  return (
    reader &&
    `Role ${reader.name} at auth/${reader.mount} of ${reader.environment.name} may read that path, and no role of ${own.name} may.`
  )
}

/** What kv-v2 puts into paths by itself. */
const engineParts = ['data', 'metadata']

/** The environments whose names stand in the path as words of it: in `kv-staging-eu/db`, of staging and staging-eu the latter. */
function namedIn(path: string, names: ReadonlySet<string>): readonly string[] {
  const words = (text: string) => `-${text.replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()}-`
  const [within, found] = [words(path), [...names].filter((name) => !engineParts.includes(name))]
  const named = found.filter((name) => within.includes(words(name)))
  return named.filter((name) => !named.some((other) => other !== name && words(other).includes(words(name))))
}

function ruleToAdd(role: JobRole, { origins }: TokenPolicies, path: string, around: Surroundings): string {
  const { source, environment } = role
  const all = [...origins]
  if (all.some(([, { from }]) => from === 'role')) {
    const made = around.roles.filter((one) => one.source.file === source.file).length
    const alone = made === 1 ? '' : ` It makes ${made} roles: declare it for ${environment.name} and this one alone.`
    return `Declare the secret under "secrets" in ${source.file}.${alone}`
  }
  const files = all.flatMap(([name, origin]) => (origin.from === 'file' ? [{ name, file: origin.file }] : []))
  if (files.length === 0) return `Add to a policy that only this role has: ${policyLine(path, ['read'])}`
  const shared = files.map(({ name, file }) => ({ file, because: sharing(role, name, file, around) }))
  const own = shared.find(({ because }) => because === undefined)
  if (own !== undefined) return `Add to ${own.file}: ${policyLine(path, ['read'])}`
  const [first] = shared as [(typeof shared)[number]]
  return `Add a rule for that path to a policy that only this role has, not to ${first.file}: ${first.because}.`
}

/** Who else would get what is added to a policy's file; undefined for nobody. */
function sharing({ environment, role }: JobRole, policy: string, file: string, around: Surroundings) {
  const made = around.policiesOf(file)
  if (made > 1) return `${made} policies are made of it, and all of them would grant it`
  if (policy === 'default') return 'nearly every token has that policy'
  const having = around.roles.filter((one) => one.environment === environment && has(one.role, policy)).length
  return having > 1 || !has(role, policy)
    ? `${having} roles have that policy, and all of them could read it`
    : undefined
}

function has(role: JobRole['role'], policy: string): boolean {
  const names = role['token_policies']
  return Array.isArray(names) && names.includes(policy)
}
