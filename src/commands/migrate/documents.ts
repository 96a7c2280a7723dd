import type { z } from 'zod'
import { problem, UserError } from '../../core/diagnostic.ts'
import { isObject } from '../../core/json.ts'
import type { Context } from '../session/command.ts'
import { readJson } from '../session/snapshot-file.ts'

interface Kind<T> {
  readonly format: string
  readonly schema: z.ZodType<T>
  /** The command that makes such a file. */
  readonly from: string
}

/** Reads a file that one of these commands wrote. Throws UserError, and names fields only: a value there is nobody's to see. */
export async function readDocument<T>(context: Context, file: string, { format, schema, from }: Kind<T>): Promise<T> {
  const value = await readJson(context, file)
  const found = isObject(value) ? value['format'] : undefined
  if (found !== format) throw unfit(file, `is no ${format}`, from)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.slice(0, 5).map(({ path }) => path.join('.') || 'the whole')
  throw unfit(file, `is a ${format} with something wrong in ${fields.join(', ')}`, from)
}

function unfit(file: string, what: string, from: string): UserError {
  return new UserError([problem('not-such-a-file', `${file} ${what}`, `Make it with "vaultwright ${from}".`)])
}
