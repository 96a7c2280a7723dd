import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { foreignDocuments } from '../../config/foreign-yaml.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import { snapshotReader } from '../../core/snapshot.ts'
import { assumedServer, parseServerVersion, type ServerVersion } from '../../core/version.ts'
import type { DescribedServer, DescribedServers } from '../../import/sources/described.ts'
import { terraformJson } from '../../import/terraform/json-text.ts'
import type { Context, Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import type { Named } from './named.ts'

/** A server as another tool's file describes it. */
export interface Description extends Pick<DescribedServer, 'writeOnly' | 'undescribedMounts'> {
  readonly reader: ReturnType<typeof snapshotReader>
  readonly notices: readonly string[]
}

/**
 * What Terraform or bank-vaults says of one server. Several in one file are told apart behind a `#`, by namespace, provider or
 * address. Throws UserError.
 */
export async function openDescription(context: Context, options: Options, named: Named): Promise<Description> {
  const [, file = '', chosen] = /^(.*?)(?:#(.*))?$/s.exec(named.value ?? '') ?? []
  const { servers, notices } = await describedIn(context, file, named.from, versionOf(options))
  const described = choose(servers, file, chosen, named)
  const { address } = named
  const server = { ...described.snapshot.server, ...(address === undefined ? {} : { address }) }
  const { writeOnly, undescribedMounts } = described
  return { reader: snapshotReader({ ...described.snapshot, server }), writeOnly, undescribedMounts, notices }
}

async function describedIn(
  context: Context,
  file: string,
  from: string,
  server: ServerVersion,
): Promise<DescribedServers> {
  const content = await readFile(resolve(context.cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError([problem('unreadable', `${file} cannot be read (${error.code})`, 'Check the path.')])
  })
  if (from === 'from-terraform') {
    const { terraformSnapshots } = await import('../../import/terraform.ts')
    return terraformSnapshots(terraformJson(content, file), file, { server })
  }
  const { bankVaultsSnapshot } = await import('../../import/bank-vaults.ts')
  return bankVaultsSnapshot(foreignDocuments(file, content), file, { server })
}

function choose(
  servers: readonly DescribedServer[],
  file: string,
  chosen: string | undefined,
  { from, environment }: Named,
): DescribedServer {
  const labels = servers.map(labelsOf)
  const found = servers.filter((_, at) => chosen === undefined || labels[at]?.includes(chosen))
  const [only, another] = found
  if (only !== undefined && another === undefined) return only
  const choices = labels.map(
    (names) =>
      `--${from} ${environment}=${file}#${names.find((name) => labels.filter((other) => other.includes(name)).length === 1) ?? names[0] ?? ''}`,
  )
  throw usage(
    chosen === undefined
      ? `${file} describes ${servers.length} servers or namespaces`
      : `${file} describes no server or namespace called ${JSON.stringify(chosen)}, or several`,
    `Choose one for each environment: ${choices.join(', ')}.`,
  )
}

/** What people may call it; the root namespace has the empty name. */
function labelsOf({ namespace, provider, snapshot }: DescribedServer): string[] {
  const { address } = snapshot.server
  return [
    namespace,
    ...[provider, address].filter((name) => name !== ''),
    ...(address === '' ? [] : [`${address} ${namespace}`.trim()]),
  ]
}

/** Files of other tools do not say which server it is. */
function versionOf(options: Options): ServerVersion {
  const written = text(options, 'server')
  if (written === undefined) return assumedServer
  const server = parseServerVersion(written)
  if (server === undefined)
    throw usage(`--server ${written}: this is no product and version`, 'Such as vault@1.21.0 or openbao@2.6.1.')
  return server
}
