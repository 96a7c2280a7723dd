import type { JsonObject } from '../../core/json.ts'
import type { Target } from '../sources/described.ts'

/** An instance of a `vault_*` resource, whichever of Terraform's formats says it. */
export interface Resource {
  /** `module.ci["a"].vault_policy.p[0]`. */
  readonly address: string
  readonly type: string
  /** A data source: something that Terraform reads and does not make. */
  readonly data: boolean
  readonly values: JsonObject
  /** Attributes that hold something marked as sensitive, in whole or in part. */
  readonly sensitive: ReadonlySet<string>
  /** Attributes of a plan that are not known before it is applied, in whole or in part. */
  readonly unknown: ReadonlySet<string>
  /** The plan still has to make it so. */
  readonly pending: boolean
  /** What the configuration writes; absent where only a state is known, which does not tell. */
  readonly configured?: ReadonlySet<string>
  /** The server that its provider speaks to. */
  readonly target: Target
  /** The next apply would destroy it and make it anew. */
  readonly tainted: boolean
  /** What is left of an instance that was replaced. */
  readonly deposed: boolean
}

/** Keys whose values are, or hold, `true`: how Terraform marks what is unknown or sensitive. Without recursion. */
export function marked(marks: unknown): ReadonlySet<string> {
  if (typeof marks !== 'object' || marks === null) return new Set()
  return new Set(
    Object.entries(marks)
      .filter(([, mark]) => holdsTrue(mark))
      .map(([name]) => name),
  )
}

function holdsTrue(mark: unknown): boolean {
  const open = [mark]
  while (open.length > 0) {
    const next = open.pop()
    if (next === true) return true
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) open.push(inner)
  }
  return false
}
