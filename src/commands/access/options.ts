import { parseServerVersion, type ServerVersion } from '../../core/version.ts'
import type { OptionSpec, Options } from '../session/command.ts'
import { directoryOption, environmentOption, text, usage } from '../session/options.ts'

/** Options that the questions about access share. */
const serverOption: OptionSpec = {
  flags: '--server <product@version>',
  description: 'whose rules hold, such as vault@1.21.0 or openbao@2.6.1; by default what the environment says',
}

/** Where the configuration is, and whose rules hold. */
export const configurationOptions = [directoryOption, environmentOption, serverOption] as const

/** Who logs in. */
export const loginOptions: readonly OptionSpec[] = [
  { flags: '--role <name>', description: 'role to log in through' },
  { flags: '--mount <path>', description: 'auth mount of the role, where several have one of this name' },
  { flags: '--claims <file>', description: 'claims of the token as JSON; - for stdin' },
  { flags: '--token <file>', description: 'ID token of a job; - for stdin. Its signature is not checked' },
  {
    flags: '--at <time>',
    description: 'judge as of then: "issued", a date such as 2026-05-01T12:00:00Z, or seconds since 1970',
  },
  { flags: '--from <address>', description: 'IP address that the login comes from, for token_bound_cidrs' },
]

/** Undefined where nothing is said. Throws UserError for what is no product and version. */
export function serverOf(options: Options): ServerVersion | undefined {
  const value = text(options, 'server')
  if (value === undefined) return undefined
  const server = parseServerVersion(value)
  if (server === undefined)
    throw usage(`--server takes a product and version such as vault@1.21.0, not ${JSON.stringify(value)}`)
  return server
}
