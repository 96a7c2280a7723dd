import type { InventoryVariable } from './inventory.ts'
import type { Left } from './migration.ts'

interface Choice {
  readonly secrets: ReadonlySet<string>
  readonly configuration: ReadonlySet<string>
}

interface Candidates {
  readonly moving: readonly InventoryVariable[]
  readonly stays: readonly Left[]
  readonly decide: readonly Left[]
}

/** Which variables move to Vault, which stay, and which nobody but a person can tell. */
export function candidates(variables: readonly InventoryVariable[], choice: Choice): Candidates {
  const [moving, stays, decide]: [InventoryVariable[], Left[], Left[]] = [[], [], []]
  for (const variable of variables) {
    const why = { stays: staying(variable, choice), decide: deciding(variable, choice) }
    if (why.stays !== undefined) stays.push({ id: variable.id, why: why.stays })
    else if (why.decide !== undefined) decide.push({ id: variable.id, ...why.decide })
    else moving.push(variable)
  }
  return { moving, stays, decide }
}

function staying(
  { key, class: what, signs }: InventoryVariable,
  { secrets, configuration }: Choice,
): string | undefined {
  if (configuration.has(key)) return 'configuration, because --configuration says so'
  if (secrets.has(key) || what !== 'configuration') return undefined
  return `configuration: ${signs.join(', ')}`
}

function deciding(variable: InventoryVariable, { secrets }: Choice): Omit<Left, 'id'> | undefined {
  const { key, class: what, overridden, overridden_by: by, place, environment_scope: scope } = variable
  if (overridden === 'always') return { why: 'no job ever gets it, because of others of its name: delete it', by }
  if (what === 'unknown' && !secrets.has(key))
    return { why: 'nothing says what it is: plan again with --secret or --configuration and its name' }
  if (place.kind === 'schedule')
    return { why: "it belongs to one schedule: make it a secret of the role that the schedule's jobs log in by" }
  if (!/^[A-Za-z_]/.test(key)) return { why: 'a name that begins with a digit cannot be a secret of a role: rename it' }
  // Readers of YAML refuse it, as assigning to it would change an object's prototype.
  if (key === '__proto__') return { why: 'a name that no file of roles can hold: rename it' }
  return /[$"\\\p{Cc}]/u.test(scope)
    ? { why: 'its environment scope holds characters that a role cannot bind' }
    : undefined
}
