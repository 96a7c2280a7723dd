import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadConfiguration } from '../../config/load.ts'
import type { Change } from '../../core/change.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import { type Diagnostic, formatSource, hasErrors } from '../../core/diagnostic.ts'
import type { Address } from '../../core/resource.ts'
import { planEnvironment } from '../../engine/plan.ts'
import { readLive } from '../../engine/read.ts'
import type { ImportedFile, Shaped } from '../../import/shape.ts'
import { kinds } from '../../kinds/index.ts'
import type { AnsweredSource } from './sources.ts'

/** A reason why the files are not what the servers have. */
export interface Flaw {
  readonly message: string
  /** The objects that it is about, as far as that can be told. */
  readonly addresses: readonly Address[]
}

export interface Proof {
  readonly configuration: Configuration
  /** Empty: loading the files and planning against what was read changes nothing and leaves nothing out. */
  readonly flaws: readonly Flaw[]
}

/** Writes files below a folder that holds nothing else. */
export async function writeTexts(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  const folders = new Set([...texts.keys()].map((path) => dirname(join(folder, path))))
  for (const path of folders) await mkdir(path, { recursive: true })
  for (const [path, text] of texts) await writeFile(join(folder, path), text)
}

/**
 * Loads the folder as every later run does and plans each environment against the answers that its files were made from.
 * Every object that was read has to be described, or left out by name.
 */
export async function prove(
  folder: string,
  { files, leftOut }: Shaped,
  sources: readonly AnsweredSource[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Proof> {
  const configuration = await loadConfiguration(folder, { kinds, env })
  if (hasErrors(configuration.diagnostics)) {
    const errors = configuration.diagnostics.filter(({ severity }) => severity === 'error')
    return { configuration, flaws: errors.map((error) => unloadable(error, files)) }
  }
  const flaws: Flaw[] = []
  const environments = new Map(configuration.environments.map((environment) => [environment.name, environment]))
  for (const source of sources) {
    const environment = environments.get(source.environment)
    if (environment === undefined)
      flaws.push({ message: `${source.environment} is no environment of the files`, addresses: [] })
    else flaws.push(...(await planned(environment, source)))
  }
  const left = new Set(leftOut.map(({ address }) => address))
  return { configuration, flaws: [...flaws, ...forgotten(sources, environments, left)] }
}

function unloadable({ message, source }: Diagnostic, files: readonly ImportedFile[]): Flaw {
  const file = files.find(({ path }) => path === source?.file)
  return {
    message: source === undefined ? message : `${formatSource(source)}: ${message}`,
    addresses: file?.describes.map(({ address }) => address) ?? [],
  }
}

async function planned(environment: Environment, { answers }: AnsweredSource): Promise<Flaw[]> {
  const live = await readLive({ kinds, server: answers, environment })
  const { plan, objections } = planEnvironment({ kinds, environment, live, server: answers.server })
  const say = (address: Address | undefined, what: string): Flaw => ({
    message: `${environment.name}: ${address ?? 'the environment'} ${what}`,
    addresses: address === undefined ? [] : [address],
  })
  return [
    ...plan.changes.map((change) => say(change.address, wouldBe(change))),
    ...objections.map(({ address, message }) => say(address, message)),
    ...plan.unmanaged.map((address) => say(address, 'is owned and described by no file')),
  ]
}

function wouldBe(change: Change): string {
  if (change.action === 'delete') return 'would be deleted'
  const place = formatSource(change.after.source)
  if (change.action === 'create') return `would be created, says ${place}`
  return `would be updated, says ${place}: ${change.fields.map(({ field }) => field.join('.')).join(', ')}`
}

/** Owned or not: what was read and is neither described nor left out by name was dropped on the way. */
function forgotten(
  sources: readonly AnsweredSource[],
  environments: ReadonlyMap<string, Environment>,
  left: ReadonlySet<Address>,
): Flaw[] {
  return sources.flatMap(({ environment: name, reading }) => {
    const described = environments.get(name)?.described
    return reading.objects
      .filter(({ address }) => !left.has(address) && !described?.has(address))
      .map(({ address }) => ({
        message: `${name}: ${address} was read, and no file describes it`,
        addresses: [address],
      }))
  })
}
