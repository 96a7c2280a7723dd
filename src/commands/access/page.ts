import type { PageOptions } from '../../render/access/layout.ts'
import type { Context, Options } from '../session/command.ts'
import { useColor } from '../session/options.ts'

/** Lines longer than this are tiring to read, however wide the terminal is. */
const widest = 120

/** How wide a page may be: the terminal; a file or a pipe has no width of its own. */
export function pageOptions(context: Context, options: Options): PageOptions {
  const { columns } = context.stdout as { readonly columns?: number }
  return { color: useColor(context, options, context.stdout), width: Math.min(columns ?? 100, widest) }
}
