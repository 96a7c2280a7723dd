import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { planDigest, type SavedPlan } from '../../src/core/plan.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { request } from '../support/live-vault.ts'
import { configuration, ownName, type Workplace, workplace } from './fixture.ts'

function lastJournal({ directory }: Workplace): string {
  const folder = join(directory, '.vaultwright/journal')
  return join(folder, readdirSync(folder).sort().at(-1) as string)
}

test('a plan back that was edited brings nothing in', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const place = workplace(configuration(id), sandbox)
  await place.run(['apply', '--auto-approve'])
  await place.run(['rollback', lastJournal(place), '--allow', `delete:auth-mount/${id}`, '--out', 'back.json'])
  const path = join(place.directory, 'back.json')
  const saved = JSON.parse(readFileSync(path, 'utf8')) as SavedPlan
  const written = (plan: object, code: string) => {
    writeFileSync(path, JSON.stringify(plan))
    return place.run(['apply', '--rollback', 'back.json']).then((ended) => {
      expect(ended, code).toMatchObject({ code: 1, stderr: expect.stringContaining(`error[${code}]`) })
    })
  }
  const signed = (plan: Omit<SavedPlan, 'digest'>) => ({ ...plan, digest: planDigest(plan) })
  const [environment] = saved.environments
  const [change] = environment?.changes ?? []
  const evil = {
    ...change,
    address: 'policy/other',
    before: { ...(change as { before: object }).before, address: 'policy/other', path: 'sys/policies/acl/other' },
  }
  await written({ ...saved, rollback: { ...saved.rollback, keep: ['x'] } }, 'altered-plan')
  await written(
    signed({ ...saved, environments: [{ ...environment, changes: [evil] }] } as unknown as SavedPlan),
    'altered-plan',
  )
  await written(signed({ ...saved, rollback: { nothing: true } } as unknown as SavedPlan), 'not-a-plan')
  const [first] = saved.rollback?.environments ?? []
  const more = { ...saved.rollback, environments: [first, { ...first, environment: 'staging' }] }
  await written(signed({ ...saved, rollback: more } as unknown as SavedPlan), 'not-a-plan')
  const elsewhere = JSON.parse(
    JSON.stringify(saved.rollback).replaceAll('sys/policies/acl/', 'sys/raw/'),
  ) as SavedPlan['rollback']
  await written(signed({ ...saved, rollback: elsewhere } as SavedPlan), 'odd-journal')
  await sandbox.close()
})

test('a job does not apply a way back in the place of a reviewed plan, and a plan is no way back', async () => {
  const sandbox = await startSandbox()
  const place = workplace(configuration(ownName()), sandbox)
  await place.run(['plan', '--out', 'plan.json'])
  expect(await place.run(['apply', 'plan.json', '--rollback'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--rollback is for a plan that "rollback" saved'),
  })
  await place.run(['apply', 'plan.json'])
  const [mount] = (await place.run(['rollback', lastJournal(place)])).stderr.match(/delete:auth-mount\/[\w-]+/) ?? []
  const saving = await place.run(['rollback', lastJournal(place), '--allow', String(mount), '--out', 'plan.json'])
  expect(saving.stderr).toContain('vaultwright apply --rollback plan.json')
  expect(await place.run(['apply', 'plan.json'], { env: { GITLAB_CI: 'true' } })).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error[way-back]'),
  })
  expect(await place.run(['plan'])).toMatchObject({ code: 0 })
  expect(await place.run(['apply', 'plan.json'])).toMatchObject({ code: 0 })
  expect(await place.run(['plan'])).toMatchObject({ code: 2 })
  await sandbox.close()
})

test('what was done to one server is not taken back on another', async () => {
  const [first, second] = [await startSandbox(), await startSandbox()]
  const place = workplace(configuration(ownName()), first)
  await place.run(['apply', '--auto-approve'])
  const ended = await place.run(['rollback', lastJournal(place)], {
    env: { VAULT_ADDR: second.address, VAULT_TOKEN: second.token },
  })
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('error[other-server]') })
  await Promise.all([first.close(), second.close()])
})

test('a write-only value that an apply overwrites is said before it, and no rollback sends another without a word', async () => {
  const sandbox = await startSandbox()
  const id = ownName()
  const environment = (issuer: string) =>
    `auth:\n  ${id}:\n    type: jwt\n    config: { oidc_discovery_url: "http://127.0.0.1:9", bound_issuer: "${issuer}", oidc_client_id: id, oidc_client_secret: "\${env:SECRET}" }\n`
  const place = workplace(configuration(id, { 'environments/production.yaml': environment('one') }), sandbox)
  const env = { SECRET: 'canary-of-the-first' }
  expect(await place.run(['apply', '--auto-approve'], { env })).toMatchObject({ code: 0 })
  writeFileSync(join(place.directory, 'environments/production.yaml'), environment('two'))
  const now = { SECRET: 'canary-of-the-second' }
  const planned = await place.run(['plan'], { env: now })
  expect(planned).toMatchObject({ code: 2, stdout: expect.stringContaining('oidc_client_secret is sent anew') })
  expect(await place.run(['apply', '--auto-approve'], { env: now })).toMatchObject({ code: 0 })
  const journal = lastJournal(place)
  const refused = await place.run(['rollback', journal], { env: now })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`--allow resend:jwt-config/${id}`) })
  const allowed = ['rollback', journal, '--allow', `resend:jwt-config/${id}`, '--out', 'back.json']
  expect(await place.run(allowed, { env: now })).toMatchObject({ code: 2 })
  expect(await place.run(['apply', '--rollback', 'back.json'], { env: now })).toMatchObject({ code: 0 })
  const { body } = await request(sandbox, 'GET', `auth/${id}/config`)
  expect(body).toMatchObject({ data: { bound_issuer: 'one', oidc_client_id: 'id' } })

  writeFileSync(join(place.directory, 'environments/production.yaml'), `owns: { roles: { ${id}: ["*"] } }\n`)
  const lost = await place.run(['rollback', lastJournal(place)])
  expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('no file refers to') })
  const kept = readdirSync(join(place.directory, '.vaultwright/journal'))
    .map((name) => readFileSync(join(place.directory, '.vaultwright/journal', name), 'utf8'))
    .concat(readFileSync(join(place.directory, 'back.json'), 'utf8'), planned.output, refused.output, lost.output)
    .join('\n')
  expect(kept).toContain('${env:SECRET}')
  expect(kept).not.toContain('canary-of')
  expect(kept).not.toContain(sandbox.token)
  await sandbox.close()
})
