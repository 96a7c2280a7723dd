import { HclError } from '../hcl/errors.ts'
import type { Position } from '../hcl/token.ts'

/** How the server lists errors that it found together (hashicorp/go-multierror format.go). */
export function severalErrors(messages: readonly string[], position: Position): HclError {
  const points = messages.map((message) => `* ${message}`).join('\n\t')
  const head = messages.length === 1 ? '1 error' : `${messages.length} errors`
  return new HclError(`${head} occurred:\n\t${points}\n\n`, position)
}

/** `path "x": …`; a path that holds the placeholder gets the message as well (hashicorp/errwrap Wrapf). */
export function prefixed(prefix: string, message: string): string {
  return `${prefix} {{err}}`.replaceAll('{{err}}', () => message)
}
