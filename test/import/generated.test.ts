import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prove, writeTexts } from '../../src/commands/import/prove.ts'
import { writtenYaml } from '../../src/config/written-yaml.ts'
import { type Shaped, shape } from '../../src/import/shape.ts'
import { kinds } from '../../src/kinds/index.ts'
import { cases, seed } from '../support/generated.ts'
import {
  type Contents,
  contentsOf,
  everything,
  type Family,
  families,
  snapshotOf,
  sourceOf,
  withFamily,
} from './servers.ts'

const environments = ['production', 'staging', 'prod-eu', 'Dev'] as const

const counts = { servers: 0, objects: 0, files: 0, left: 0 }

/** The flaws of the files that one import writes at the first attempt: folded as far as they go. */
async function flawsOf(
  sources: Awaited<ReturnType<typeof sourceOf>>[],
  fold: boolean,
): Promise<{ flaws: string[]; shaped: Shaped }> {
  const shaped = shape(sources, { kinds, wanted: everything, fold, apart: new Set() })
  const folder = await mkdtemp(join(tmpdir(), 'vaultwright-import-test-'))
  try {
    await writeTexts(
      folder,
      new Map(shaped.files.map((file) => [file.path, 'text' in file ? file.text : writtenYaml(file.documents)])),
    )
    const { flaws } = await prove(folder, shaped, sources, {})
    return { flaws: flaws.map(({ message }) => message), shaped }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function count(shaped: Shaped, sources: Awaited<ReturnType<typeof sourceOf>>[]): void {
  counts.servers += sources.length
  counts.objects += sources.reduce((sum, { reading }) => sum + reading.objects.length, 0)
  counts.files += shaped.files.length
  counts.left += shaped.leftOut.length
}

describe('whatever servers have, loading the written files and planning against the answers is empty', () => {
  test('for a server of each environment', { timeout: 600_000 }, async () => {
    const servers = fc
      .subarray([...environments], { minLength: 1, maxLength: 3 })
      .chain((names) =>
        fc.tuple(
          fc.constant(names),
          fc.tuple(...names.map(contentsOf)),
          fc.boolean(),
          fc.option(families, { nil: undefined }),
        ),
      )
    await fc.assert(
      fc.asyncProperty(servers, async ([names, contents, namespaces, family]) => {
        const sources = await Promise.all(
          names.map((name, at) =>
            sourceOf(
              name,
              snapshotOf(
                contentsWith(family, contents[at] as Contents, name, at),
                namespaces ? { namespace: name } : { address: `https://${name.toLowerCase()}.example.com` },
              ),
            ),
          ),
        )
        for (const fold of [true, false]) {
          const { flaws, shaped } = await flawsOf(sources, fold)
          expect(flaws).toEqual([])
          if (fold) count(shaped, sources)
        }
      }),
      { seed: seed(), numRuns: cases(40) },
    )
    // Otherwise there was nothing to prove, or nothing was folded.
    expect(counts.objects).toBeGreaterThan(counts.files * 1.5)
    console.log(
      `seed ${seed()}: ${counts.servers} servers with ${counts.objects} objects in ${counts.files} files, ${counts.left} left out`,
    )
  })

  test('for environments that share one server and namespace', { timeout: 600_000 }, async () => {
    const shared = fc.tuple(contentsOf('production'), contentsOf('staging'), fc.option(families, { nil: undefined }))
    await fc.assert(
      fc.asyncProperty(shared, async ([a, b, family]) => {
        const all = together(contentsWith(family, a, 'production', 0), contentsWith(family, b, 'staging', 1))
        const snapshot = snapshotOf(all)
        const sources = [await sourceOf('production', snapshot), await sourceOf('staging', snapshot)]
        const { flaws } = await flawsOf(sources, true)
        expect(flaws).toEqual([])
      }),
      { seed: seed(), numRuns: cases(40) },
    )
  })
})

function contentsWith(family: Family | undefined, contents: Contents, environment: string, at: number): Contents {
  return family === undefined ? contents : withFamily(contents, environment, family, at)
}

function together(a: Contents, b: Contents): Contents {
  const mounts = [...new Set([...Object.keys(a.mounts), ...Object.keys(b.mounts)])]
  return {
    mounts: { ...a.mounts, ...b.mounts },
    configs: { ...b.configs, ...a.configs },
    roles: Object.fromEntries(mounts.map((mount) => [mount, { ...a.roles?.[mount], ...b.roles?.[mount] }])),
    policies: { ...a.policies, ...b.policies },
  }
}
