import { type Diagnostic, problem } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import type { Plan } from '../../core/plan.ts'
import { brakes } from '../../engine/objections/index.ts'
import { refuseAllowance, releases } from '../../engine/objections/release.ts'
import type { Context, Options } from './command.ts'
import { list, usage } from './options.ts'

/** What somebody named to have it done although it is refused otherwise. */
export interface Allowance {
  readonly name: string
  /** Where it was named, for messages: `--allow` or the variable. */
  readonly by: string
}

/** For pipelines, whose command lines nobody writes by hand. Names as `--allow` takes them, with spaces between. */
export const allowVariable = 'VAULTWRIGHT_ALLOW'

/** What the run is allowed: by its options, and by the variable. */
export function allowancesOf({ env }: Context, options: Options): readonly Allowance[] {
  const named = list(options, 'allow').map((name) => ({ name, by: '--allow' }))
  const words = (env[allowVariable] ?? '').split(/\s+/).filter((word) => word !== '')
  const more = [...new Set(words)].filter((name) => !named.some((one) => one.name === name))
  return [...named, ...more.map((name) => ({ name, by: allowVariable }))]
}

/** The variable's value that releases all of this; undefined where none does, or it would be more than anybody looks at. */
export function releasingValue(objections: readonly { readonly allow?: string }[]): string | undefined {
  const names = [...new Set(objections.map(({ allow }) => allow))]
  const value = names.join(' ')
  const said = names.length > 0 && names.every((name) => name !== undefined && !/\s/.test(name))
  return said && value.length <= longestValue ? value : undefined
}

const longestValue = 1000

/** Throws UserError for what no brake could mean. */
export function checkAllowances(kinds: Kinds, allowed: readonly Allowance[]): void {
  for (const { name, by } of allowed) {
    const reason = refuseAllowance(brakes, kinds, name)
    if (reason !== undefined) throw usage(`${by} ${name}: ${reason}`, 'Copy it from the message of the refused plan.')
  }
}

/**
 * A warning for each that overruled nothing: it may be mistyped, and left in a pipeline it would one day overrule what
 * nobody looked at. No error, because of several jobs that share the environments (--shard) only one may need it.
 */
export function needlessAllowances(plan: Plan, allowed: readonly Allowance[]): Diagnostic[] {
  const used = plan.environments.flatMap((environment) => environment.allowed ?? [])
  const needed = (one: string) =>
    used.some((name) => brakes.some((brake) => name.startsWith(`${brake.name}:`) && releases(brake, one, name)))
  return allowed
    .filter(({ name }) => !needed(name))
    .map(({ name, by }) => ({
      ...problem(
        'needless-allow',
        `${by} ${name}: nothing in this plan needs it`,
        'Leave it out, lest it allows something later that nobody looked at.',
      ),
      severity: 'warning',
    }))
}
