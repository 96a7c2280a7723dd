import { z } from 'zod'
import { parseJsonText } from '../../core/json-text.ts'
import type { SourceVariable } from './take.ts'

const exported = z.array(
  z.object({
    key: z.string(),
    value: z.string().nullish(),
    variable_type: z.enum(['env_var', 'file']).optional(),
    protected: z.boolean().optional(),
    masked: z.boolean().optional(),
    hidden: z.boolean().optional(),
    raw: z.boolean().optional(),
    environment_scope: z.string().optional(),
  }),
)

/**
 * The list that the API answers and `glab variable export -F json` prints, with the line that glab writes before it.
 * Undefined for anything else: what is wrong with it is not said, because that would quote it.
 */
export function parseExport(text: string): readonly SourceVariable[] | undefined {
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) {
    const parsed = exported.safeParse(parsedJson(text.slice(at)))
    if (parsed.success) return parsed.data.map((one) => ({ ...one, value: one.value ?? null }))
    // A line before the list may hold brackets, but the list begins a line.
    if (at - text.lastIndexOf('\n', at) === 1) return undefined
  }
  return undefined
}

function parsedJson(text: string): unknown {
  try {
    return parseJsonText(text)
  } catch {
    return undefined
  }
}
