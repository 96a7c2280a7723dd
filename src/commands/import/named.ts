import { normalAddress } from '../../core/address.ts'
import { groupBy } from '../../core/group-by.ts'
import type { Options } from '../session/command.ts'
import { list, text, usage } from '../session/options.ts'

/** What names environments on the command line, and how commander calls it. */
const flags = {
  environment: 'environment',
  live: 'live',
  'from-terraform': 'fromTerraform',
  'from-bank-vaults': 'fromBankVaults',
} as const

/** What the command line says of one environment. */
export interface Named {
  readonly environment: string
  /** An option, such as `--live`. */
  readonly from: keyof typeof flags
  /** The file or the namespace. */
  readonly value: string | undefined
  /** Of the server, where the user says it. */
  readonly address?: string
}

/** Throws UserError for what cannot be meant, before anything is read. */
export function namedSources(options: Options): Named[] {
  const all = (Object.keys(flags) as Named['from'][]).flatMap((from) =>
    list(options, flags[from]).map((text) => parseNamed(text, from)),
  )
  if (all.length === 0)
    throw usage(
      'nothing says which environment to import',
      'Such as --environment production, with VAULT_ADDR and a token; or --live production=snapshot.json.',
    )
  const twice = [...groupBy(all, ({ environment }) => environment).values()].find(({ length }) => length > 1)
  if (twice !== undefined)
    throw usage(`the environment ${twice[0]?.environment} is named twice`, 'Each environment has one server.')
  if (text(options, 'server') !== undefined && !all.some(({ from }) => from.startsWith('from-')))
    throw usage(
      '--server is for the files of other tools, and none is named',
      'Servers and snapshots say what they are; leave it out.',
    )
  const addresses = addressesOf(all, options)
  return all.map((named) => {
    const address = addresses.get(named.environment)
    return { ...named, ...(address === undefined ? {} : { address }) }
  })
}

function parseNamed(written: string, from: Named['from']): Named {
  const at = written.indexOf('=')
  const [environment, value] = at === -1 ? [written, undefined] : [written.slice(0, at), written.slice(at + 1)]
  if (!/^\w[\w.-]*$/.test(environment))
    throw usage(
      `--${from} ${written}: ${JSON.stringify(environment)} cannot be the name of an environment`,
      'Use letters, digits, "_", "." and "-".',
    )
  if (from !== 'environment' && !value)
    throw usage(`--${from} ${written}: no file is named`, `Such as --${from} production=snapshot.json.`)
  return { environment, from, value }
}

/** By environment. One that nobody imports, or whose server is asked itself, is a slip that would be passed over in silence. */
function addressesOf(all: readonly Named[], options: Options): ReadonlyMap<string, string> {
  const example = 'Such as --address production=https://vault.example.com.'
  return new Map(
    list(options, 'address').map((written) => {
      const at = written.indexOf('=')
      const [environment, address] = [written.slice(0, Math.max(at, 0)), written.slice(at + 1)]
      if (at < 1 || normalAddress(address) === undefined)
        throw usage(`--address ${written}: this is no address of an environment`, example)
      const from = all.find((named) => named.environment === environment)?.from
      if (from === undefined) throw usage(`--address ${written}: no such environment is imported`, example)
      if (from === 'environment')
        throw usage(
          `--address ${written}: ${environment} is read from the server that VAULT_ADDR names, and its file says that address`,
          '--address is for environments that are read from files.',
        )
      return [environment, address]
    }),
  )
}
