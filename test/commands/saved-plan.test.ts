import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planDigest, type SavedPlan } from '../../src/core/plan.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { liveVault, request } from '../support/live-vault.ts'
import { configuration, ownName, type Workplace, workplace } from './fixture.ts'

async function planned() {
  const server = await liveVault()
  const id = ownName()
  const place = workplace(configuration(id), server)
  expect(await place.run(['plan', '--out', 'plan.json'])).toMatchObject({ code: 2 })
  return { id, server, place }
}

function edit({ directory }: Workplace, change: (plan: SavedPlan) => unknown): void {
  const file = join(directory, 'plan.json')
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as SavedPlan)))
}

test('is applied as it was reviewed, and applied again it has nothing left to do', async () => {
  const { place } = await planned()
  expect(await place.run(['apply', 'plan.json'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('4 created'),
  })
  const again = await place.run(['apply', 'plan.json'])
  expect(again).toMatchObject({ code: 0 })
  expect(again.stdout).toContain('0 created')
  expect(await place.run(['plan'])).toMatchObject({ code: 0 })
})

test('is readable by its owner only', async () => {
  const { place } = await planned()
  expect(statSync(join(place.directory, 'plan.json')).mode & 0o777).toBe(0o600)
})

describe('is refused, and nothing is written,', () => {
  const refused = async (place: Workplace, id: string, words: RegExp) => {
    const ended = await place.run(['apply', 'plan.json'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(words) })
    expect((await request(await liveVault(), 'GET', `auth/${id}/role/ci`)).status).toBe(404)
  }

  test('when somebody changed an object that it saw, which is named', async () => {
    const { id, server, place } = await planned()
    await request(server, 'POST', `sys/policies/acl/${id}-read`, { policy: 'path "theirs" {}' })
    await refused(place, id, new RegExp(`stale-plan.*policy/${id}-read has changed`, 's'))
    expect(await request(server, 'GET', `sys/policies/acl/${id}-read`)).toMatchObject({
      body: { data: { policy: 'path "theirs" {}' } },
    })
  })

  test('when the file was damaged', async () => {
    const { id, place } = await planned()
    edit(place, (plan) => ({ ...plan, environments: [] }))
    await refused(place, id, /altered-plan/)
  })

  test('when the file was edited by somebody who knows how to make its digest', async () => {
    const { id, place } = await planned()
    edit(place, (plan) => {
      const edited = JSON.parse(JSON.stringify(plan).replaceAll('ops/data/*', '*')) as SavedPlan
      return { ...edited, digest: planDigest(edited) }
    })
    await refused(place, id, /altered-plan.*is not what the files and the server give/s)
  })

  test.each([
    ['no environment', (plan: SavedPlan) => ({ ...plan, environments: [] })],
    ['one twice', (plan: SavedPlan) => ({ ...plan, environments: [...plan.environments, ...plan.environments] })],
  ])('when it was edited to name %s', async (_name, change) => {
    const { id, place } = await planned()
    edit(place, (plan) => {
      const edited = change(plan)
      return { ...edited, digest: planDigest(edited) }
    })
    await refused(place, id, /not-a-plan/)
  })

  test('when it was edited to change what there is none of', async () => {
    const { id, place } = await planned()
    edit(place, (plan) => {
      const edited = JSON.parse(JSON.stringify(plan).replaceAll('"kind":"policy"', '"kind":"police"')) as SavedPlan
      return { ...edited, digest: planDigest(edited) }
    })
    await refused(place, id, /altered-plan.*of a kind that there is none of: police/s)
  })

  test('when it is for another server', async () => {
    const { id, place } = await planned()
    const sandbox = await startSandbox()
    const ended = await place.run(['apply', 'plan.json'], {
      env: { VAULT_ADDR: sandbox.address, VAULT_TOKEN: sandbox.token },
    })
    await sandbox.close()
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('other-server') })
    expect((await request(await liveVault(), 'GET', `auth/${id}/role/ci`)).status).toBe(404)
  })

  test('when the files want something else by now', async () => {
    const { id, place } = await planned()
    writeFileSync(join(place.directory, `policies/${id}-read.hcl`), 'path "other" {}')
    await refused(place, id, /changed-files/)
  })

  test.each([
    ['is no plan', '{}', 'not-a-plan'],
    ['is no JSON', '{', 'not-json'],
    ['is of another version', '{"format":"vaultwright-plan/99","environments":[]}', 'other-format'],
  ])('when the file %s', async (_name, content, code) => {
    const { id, place } = await planned()
    writeFileSync(join(place.directory, 'plan.json'), content)
    await refused(place, id, new RegExp(code))
  })
})

test('after half of it was done by hand, does the other half', async () => {
  const { id, server, place } = await planned()
  await request(server, 'POST', `sys/policies/acl/${id}-read`, {
    policy: 'path "ops/data/*" {\n  capabilities = ["read"]\n}\n',
  })
  expect(await place.run(['apply', 'plan.json'])).toMatchObject({ code: 0 })
  expect(await place.run(['plan'])).toMatchObject({ code: 0 })
})
