import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context } from '../session/command.ts'

/** A file that the user named, or stdin for `-`; text that is not UTF-8 shows as U+FFFD. Throws UserError. */
export async function* readInput({ cwd, stdin }: Context, file: string): AsyncGenerator<string> {
  const stream = file === '-' ? stdin : createReadStream(resolve(cwd, file), { highWaterMark: 1 << 20 })
  const decoder = new TextDecoder()
  try {
    for await (const chunk of stream) yield decoder.decode(chunk as Uint8Array, { stream: true })
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException)
  }
  yield decoder.decode()
}

export async function readAll(context: Context, file: string): Promise<string> {
  let text = ''
  for await (const chunk of readInput(context, file)) text += chunk
  return text
}

function unreadable(file: string, { code, message }: NodeJS.ErrnoException): UserError {
  const why = code === 'ENOENT' ? 'there is no such file' : (code ?? message)
  return new UserError([problem('unreadable', `${file} cannot be read: ${why}`, 'Name a file, or - for stdin.')])
}
