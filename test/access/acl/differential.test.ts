import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aclSections, type Section } from '../../soak/acl-sections.ts'
import type { Client } from '../../soak/client.ts'
import { describeTally } from '../../soak/tally.ts'
import { cases, seed } from '../../support/generated.ts'
import { liveVault } from '../../support/live-vault.ts'

let sections: readonly Section[]

beforeAll(async () => {
  const client: Client = await liveVault()
  sections = await aclSections(client, `acl-test-${process.pid}`)
})

afterAll(() => {
  for (const { name, tally } of sections) console.log(`acl ${name}, seed ${seed()}: ${describeTally(tally)}`)
})

async function ask(name: Section['name'], questions: number): Promise<void> {
  const section = sections.find((one) => one.name === name)
  if (section === undefined) return
  for (let round = 0; section.tally.questions < cases(questions); round++) await section.run(seed() + round, 25)
}

function classesOf(name: Section['name']): readonly string[] {
  return [...(sections.find((one) => one.name === name)?.tally.classes.keys() ?? [])]
}

describe('A real server and we', () => {
  test('agree on what policies allow on paths', async () => {
    await ask('capabilities', 20_000)
    expect(classesOf('capabilities')).toEqual(
      expect.arrayContaining([
        'overlapping wildcards',
        'exact over wildcard',
        'slash decides',
        'by no trailing *',
        'by fewer +',
        'by length',
        'by text',
        'deny',
        'empty block',
        'doubled across policies',
        'doubled within a policy',
        '* in the middle',
        'unicode',
        'upper case',
        'double slash',
      ]),
    )
  })

  test('agree on what policies allow that are filled in with an identity', async () => {
    await ask('templates', 2_500)
    expect(classesOf('templates')).toEqual(expect.arrayContaining(['filled template', 'overlapping wildcards']))
  })

  test('agree on what policies allow in a namespace, where there are any', async () => {
    await ask('namespaces', 2_500)
  })

  test('agree on which requests with parameters and wrapping are let through', async () => {
    await ask('requests', 800)
    expect(classesOf('requests')).toEqual(
      expect.arrayContaining([
        'allowed',
        'create',
        'update',
        'refused for denied parameter',
        'refused for required parameter',
        'refused for not an allowed parameter',
        'refused for not an allowed value',
        'refused for wrapping',
      ]),
    )
  })
})
