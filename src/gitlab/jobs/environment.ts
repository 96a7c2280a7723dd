import type { JsonObject } from '../../core/json.ts'
import type { Bound } from './compare.ts'
import { boundClaims, inWords } from './conditions.ts'

/** What a template says of a job's `environment:`, and what it leaves to the job. */
export interface JobEnvironment {
  /** Absent where the role asks for none of its claims, or for nothing that can be written down. */
  readonly value?: JsonObject
  readonly note?: string
}

const keys: readonly (readonly [claim: string, key: string])[] = [
  ['environment', 'name'],
  ['environment_action', 'action'],
  ['deployment_tier', 'deployment_tier'],
]

/**
 * `environment:` as the role binds its claims. A token has these claims only where the job has that key, and the job
 * chooses where the role allows several names: then an `environment:` of the job is merged with this one.
 */
export function jobEnvironment(role: JsonObject): JobEnvironment {
  const claims = boundClaims(role)
  const asked = keys.filter(([claim]) => claims.has(claim))
  const written = asked.flatMap(([claim, key]) => {
    const value = exactly(claim, claims.get(claim) as Bound)
    return value === undefined ? [] : [[key, value] as const]
  })
  const open = asked.filter(([, key]) => !written.some(([other]) => other === key))
  const value = written.length === 0 ? undefined : Object.fromEntries(written)
  const note = noteFor(open, claims, asked.length > 0 && value?.['name'] === undefined)
  return { ...(value === undefined ? {} : { value }), ...(note === undefined ? {} : { note }) }
}

/** The one value that fits, if there is one; of several actions, the one that a job has by itself. */
function exactly(claim: string, { values, glob }: Bound): string | undefined {
  if (claim === 'environment_action' && values.includes('start')) return 'start'
  const [only] = values
  // "$" would be a variable to GitLab, and is none to Vault.
  return values.length === 1 && only && !(glob && only.includes('*')) && !only.includes('$') ? only : undefined
}

function noteFor(
  open: readonly (readonly [string, string])[],
  claims: ReadonlyMap<string, Bound>,
  nameless: boolean,
): string | undefined {
  const choices = open.map(([claim, key]) => {
    const bound = claims.get(claim) as Bound
    return `${key} ${bound.glob ? 'like ' : ''}${inWords(bound.values)}`
  })
  if (choices.length === 0) return nameless ? 'The job says the name of its environment.' : undefined
  const name = nameless && !open.some(([, key]) => key === 'name') ? ['name'] : []
  return `The job says the rest of its environment: ${[...name, ...choices].join(', ')}.`
}
