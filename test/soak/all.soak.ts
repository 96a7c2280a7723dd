import { describe, test } from 'vitest'
import { seed } from '../support/generated.ts'
import { liveVault } from '../support/live-vault.ts'
import { soak as acl } from './acl.ts'
import { soak as faults } from './faults.ts'
import { soak as login } from './login.ts'
import { soak as policy } from './policy.ts'

const subjects = Object.entries({ acl, login, policy, faults })

const seconds = (Number(process.env['VAULTWRIGHT_SOAK_MINUTES'] ?? 1) * 60) / subjects.length

describe('For as long as told, a real server and we agree, and nothing that goes wrong loses anything', () => {
  test.each(subjects)('%s', async (_name, soak) => {
    await soak({ server: await liveVault(), seed: seed(), seconds, report: (line) => console.log(line) })
  })
})
