import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writtenYaml } from '../../config/written-yaml.ts'
import type { Configuration } from '../../core/configuration.ts'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Address } from '../../core/resource.ts'
import type { Wanted } from '../../import/read.ts'
import { type Shaped, shape } from '../../import/shape.ts'
import { kinds } from '../../kinds/index.ts'
import type { Context } from '../session/command.ts'
import { type Flaw, prove, writeTexts } from './prove.ts'
import type { AnsweredSource } from './sources.ts'

interface Proving {
  readonly sources: readonly AnsweredSource[]
  readonly wanted: Wanted
  readonly stage: string
  readonly fold: boolean
}

interface Proved {
  readonly shaped: Shaped
  readonly configuration: Configuration
}

/** Files in the stage that are proved. Throws UserError with every flaw where there are none. */
export function provenShape(context: Context, { sources, wanted, stage, fold }: Proving): Promise<Proved> {
  return untilProved(fold, async (folding) => {
    const shaped = shape(sources, { kinds, wanted, ...folding })
    for (const name of ['environments', 'roles', 'policies'])
      await rm(join(stage, name), { recursive: true, force: true })
    const texts = shaped.files.map(
      (file) => [file.path, 'text' in file ? file.text : writtenYaml(file.documents)] as const,
    )
    await writeTexts(stage, new Map(texts))
    const { configuration, flaws } = await prove(stage, shaped, sources, context.env)
    return { shaped, configuration, flaws }
  })
}

interface Folding {
  readonly fold: boolean
  /** Objects that are written apart. */
  readonly apart: ReadonlySet<Address>
}

/** More rounds than this find nothing new. */
const mostRounds = 4

/**
 * The first attempt without flaws. After each of the others what it was wrong about is written apart, and in the last one
 * everything. Throws UserError with the flaws of that.
 */
export async function untilProved<T extends { readonly flaws: readonly Flaw[] }>(
  fold: boolean,
  attempt: (folding: Folding) => Promise<T>,
): Promise<T> {
  const apart = new Set<Address>()
  for (let round = 1; ; round++) {
    const folding = fold && round < mostRounds
    const result = await attempt({ fold: folding, apart })
    if (result.flaws.length === 0) return result
    if (!folding) throw unproved(result.flaws, 'these files would not be what the server has', withoutFolding)
    for (const { addresses } of result.flaws) for (const address of addresses) apart.add(address)
  }
}

const withoutFolding =
  'Leave such objects out with --mount, --role and --policy, and please report it: import should have.'

/** More of them say nothing new. */
const mostFlaws = 20

export function unproved(flaws: readonly Flaw[], because: string, help: string): UserError {
  const more = flaws.length - mostFlaws
  const count = more > 0 ? `${more} more; ` : ''
  return new UserError([
    ...flaws.slice(0, mostFlaws).map(({ message }) => problem('unproved-import', message)),
    problem('unproved-import', `${count}nothing was written, because ${because}`, help),
  ])
}
