/**
 * Conditions of `rules: if` (lib/gitlab/ci/pipeline/expression): comparisons, `&&`, `||` and parentheses; no function and
 * no list, so one of several values is a regular expression (RE2).
 */

/** A claim's values as a role binds them: any of them does. */
export interface Bound {
  readonly values: readonly string[]
  /** Whether `*` stands for any text, also one with `/` (bound_claims_type). */
  readonly glob: boolean
}

/**
 * That a variable has one of the values. Empty where any value does; undefined where GitLab's grammar cannot say it.
 *
 *     oneOf('CI_PIPELINE_SOURCE', { values: ['push', 'web'], glob: false })   $CI_PIPELINE_SOURCE =~ /^(push|web)$/
 */
export function oneOf(variable: string, { values, glob }: Bound): string | undefined {
  if (glob && values.some((value) => /^\*+$/.test(value))) return ''
  if (values.length === 0 || values.some(unwritable)) return undefined
  const [only = ''] = values
  const literal = values.length === 1 && !(glob && only.includes('*')) ? quoted(only) : undefined
  if (literal !== undefined) return `$${variable} == ${literal}`
  const patterns = values.map((value) => (glob ? value.split('*').map(escaped).join('.*') : escaped(value)))
  return `$${variable} =~ /^${patterns.length === 1 ? patterns[0] : `(${patterns.join('|')})`}$/`
}

/** A comparison ends with its line; no variable that is compared here can be empty. */
function unwritable(value: string): boolean {
  return value === '' || /\p{Cc}/u.test(value)
}

/** A text has no escapes, so it cannot hold the quote that ends it. */
function quoted(value: string): string | undefined {
  if (!value.includes('"')) return `"${value}"`
  return value.includes("'") ? undefined : `'${value}'`
}

function escaped(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}/]/g, '\\$&')
}
