import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import type { VaultReader } from '../../core/server.ts'
import { snapshotReader } from '../../core/snapshot.ts'
import { productNames } from '../../core/version.ts'
import { placeOf } from '../../import/assign.ts'
import { readServer, type Wanted } from '../../import/read.ts'
import type { Source } from '../../import/take.ts'
import { kinds } from '../../kinds/index.ts'
import type { Context, Options } from '../session/command.ts'
import { connectTo, namedTarget } from '../session/one-server.ts'
import { interruptible } from '../session/planning.ts'
import type { Progress } from '../session/progress.ts'
import { record } from '../session/recording.ts'
import { openSnapshot } from '../session/snapshot-file.ts'
import { openDescription } from './descriptions.ts'
import { type Named, namedSources } from './named.ts'

/** An environment to be, what its server has, and a reader of the very answers that this was made from. */
export interface AnsweredSource extends Source {
  readonly answers: VaultReader
  /** What is not taken over, in plain sentences. */
  readonly notices: readonly string[]
}

/** Every environment that the command line names, each of its servers asked once. Throws UserError or VaultError. */
export async function readSources(
  context: Context,
  options: Options,
  wanted: Wanted,
  shown: Progress,
): Promise<readonly AnsweredSource[]> {
  const named = namedSources(options)
  const opened: Opened[] = []
  try {
    for (const source of named) opened.push(await open(source, opened, { context, options, shown }))
    return await answered(opened, { context, wanted, shown })
  } finally {
    await Promise.all(opened.map(({ close }) => close?.()))
  }
}

interface Opened extends Pick<Source, 'environment' | 'writeOnly' | 'undescribedMounts'> {
  readonly reader: VaultReader
  /** The file that it is read from; the same for two environments of one description. */
  readonly file?: string
  /** What is not taken over, in plain sentences. */
  readonly notices: readonly string[]
  /** Only for the first environment of a connection. */
  readonly close?: () => Promise<void>
}

interface Opening {
  readonly context: Context
  readonly options: Options
  readonly shown: Progress
}

async function open(named: Named, opened: readonly Opened[], opening: Opening): Promise<Opened> {
  const { environment, from, value, address } = named
  if (from === 'live')
    return { environment, reader: at(address, await openSnapshot(opening.context, value as string)), notices: [] }
  if (from !== 'environment')
    return { environment, file: value as string, ...(await openDescription(opening.context, opening.options, named)) }
  const target = namedTarget(opening.context, value)
  const known = opened.find(
    ({ reader: { server } }) => server.address === target.address && server.namespace === target.namespace,
  )
  if (known !== undefined) return { environment, reader: known.reader, notices: [] }
  const connection = await connectTo(opening.context, opening.options, target, opening.shown.tick)
  return { environment, reader: connection, notices: [], close: () => connection.close() }
}

/** The address that the user says; a snapshot may have been taken through a tunnel. */
function at(address: string | undefined, reader: VaultReader): VaultReader {
  return address === undefined ? reader : { ...reader, server: { ...reader.server, address } }
}

async function answered(
  opened: readonly Opened[],
  { context, wanted, shown }: { readonly context: Context; readonly wanted: Wanted; readonly shown: Progress },
): Promise<AnsweredSource[]> {
  refuseTwoServers(opened)
  const readings = new Map<VaultReader, Pick<AnsweredSource, 'server' | 'reading' | 'answers'>>()
  for (const { environment, reader } of opened) {
    if (readings.has(reader)) continue
    const { server } = reader
    shown.stage(
      `${environment}: reading ${server.address || 'its description'} (${productNames[server.product]} ${server.version})`,
    )
    const recording = record(reader)
    const reading = await interruptible(context, readServer(recording.reader, kinds, wanted))
    readings.set(reader, { server, reading, answers: snapshotReader(recording.snapshot()) })
  }
  return opened.map(({ reader, close: _, file: __, ...source }) => ({
    ...source,
    ...(readings.get(reader) as Pick<AnsweredSource, 'server' | 'reading' | 'answers'>),
  }))
}

/** Two servers behind one address and namespace would be one to every later run. */
function refuseTwoServers(opened: readonly Opened[]): void {
  const places = groupBy(opened, ({ environment, reader: { server } }) => placeOf({ environment, server }))
  const problems: Diagnostic[] = [...places.values()]
    .filter((group) => new Set(group.map(identityOf)).size > 1)
    .map((group) => {
      const names = group.map(({ environment }) => environment).join(' and ')
      const address = group[0]?.reader.server.address ?? ''
      return problem(
        'one-address',
        address === ''
          ? `nothing says the address of the servers of ${names}, so they would be one to every later run`
          : `${names} have the same address and namespace (${address}), and are different servers`,
        'Say the address of each, such as --address production=https://vault.example.com.',
      )
    })
  if (problems.length > 0) throw new UserError(problems)
}

/** A cluster says which one it is; descriptions of one server are one file. */
function identityOf({ reader: { server }, file }: Opened): string {
  return server.clusterId === '' ? (file ?? server.address) : server.clusterId
}
