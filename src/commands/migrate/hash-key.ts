import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import { type Hasher, hasher } from '../../gitlab/migrate/hash.ts'
import type { Context, OptionSpec, Options } from '../session/command.ts'
import { text } from '../session/options.ts'

export const hashKeyOption: OptionSpec = {
  flags: '--hash-key-file <file>',
  description: 'keep the key of the hashes there, to compare with later runs; made when it does not exist',
}

/** A key of this run only, unless the user keeps one. Throws UserError. */
export async function runHasher(context: Context, options: Options): Promise<Hasher> {
  const file = text(options, 'hashKeyFile')
  if (file === undefined) return hasher()
  const path = resolve(context.cwd, file)
  try {
    const key = randomBytes(32)
    // Exclusive, so that a key somebody keeps is never written over.
    await writeFile(path, key, { mode: 0o600, flag: 'wx' })
    return hasher(key)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw unusable(file, `cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
  return hasher(await keptKey(file, path))
}

/** With a key that an earlier run made. Throws UserError where there is none: a new one would fit no hash. */
export async function keptHasher(context: Context, file: string): Promise<Hasher> {
  return hasher(await keptKey(file, resolve(context.cwd, file)))
}

async function keptKey(file: string, path: string): Promise<Buffer> {
  const key = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw unusable(file, `cannot be read (${error.code})`)
  })
  if (key.length < 32) throw unusable(file, 'holds fewer than 32 bytes')
  return key
}

function unusable(file: string, why: string): UserError {
  const help = 'Name a file that does not exist yet: a key is made there. It is as secret as the values.'
  return new UserError([problem('hash-key', `the key of the hashes in ${file} ${why}`, help)])
}
