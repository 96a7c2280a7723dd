import { existsSync } from 'node:fs'
import { describe, test } from 'vitest'
import { seed } from '../support/generated.ts'
import { liveVault } from '../support/live-vault.ts'
import type { SoakOptions } from './acl.ts'

/** Each is a module beside this one that exports `soak`. */
const subjects = ['acl', 'login', 'policy'].filter((name) => existsSync(new URL(`./${name}.ts`, import.meta.url)))

const seconds = (Number(process.env['VAULTWRIGHT_SOAK_MINUTES'] ?? 1) * 60) / subjects.length

describe('For as long as told, a real server and we agree', () => {
  test.each(subjects)('%s', async (name) => {
    const { soak } = (await import(/* @vite-ignore */ `./${name}.ts`)) as { soak(options: SoakOptions): Promise<void> }
    await soak({ server: await liveVault(), seed: seed(), seconds, report: (line) => console.log(line) })
  })
})
