import { access, constants } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context, OptionSpec, Options } from './command.ts'
import { list, text, usage } from './options.ts'

export const auditOptions: readonly OptionSpec[] = [
  {
    flags: '--audit-log <file...>',
    description: "say who did it, by the server's audit logs; also packed with gzip, - for the standard input",
    repeatable: true,
  },
  {
    flags: '--audit-device <name>',
    description: 'the audit device that wrote them, such as file; by default the server is asked which ones it has',
  },
]

/** What the command line says about audit logs; undefined where it names none. */
export interface AuditRequest {
  readonly files: readonly string[]
  /** Absent: the server is asked which devices it has. */
  readonly device?: string
}

/** Throws UserError for a file that is not there, before anything is sent: it is needed only once something drifted. */
export async function auditRequest(context: Context, options: Options): Promise<AuditRequest | undefined> {
  const files = list(options, 'auditLog')
  const device = text(options, 'auditDevice')?.replace(/^\/+|\/+$/g, '')
  if (device !== undefined && files.length === 0)
    throw usage('--audit-device says who wrote the files of --audit-log, and there are none')
  for (const file of files) {
    if (file === '-') continue
    await access(resolve(context.cwd, file), constants.R_OK).catch(({ code }: NodeJS.ErrnoException) => {
      throw new UserError([problem('unreadable', `${file} cannot be read (${code})`, 'Check the path.')])
    })
  }
  return files.length === 0 ? undefined : { files, ...(device === undefined ? {} : { device }) }
}
