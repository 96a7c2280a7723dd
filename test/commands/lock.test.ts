import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { request } from '../support/live-vault.ts'
import { configuration, manyRoles, ownName, workplace } from './fixture.ts'

/** A mount with so many roles of its own, in an environment that owns every policy. */
function roles(count: number) {
  const id = ownName()
  const environment = configuration(id)['environments/production.yaml']
  return manyRoles(id, count, {
    'environments/production.yaml': `${environment}owns: { policies: ["*"] }\n`,
  })
}

const policyNames = async (server: { readonly address: string; readonly token: string }) => {
  const { body } = await request(server, 'GET', 'sys/policies/acl?list=true')
  return ((body as JsonObject)['data'] as { keys: string[] }).keys
}

const apply = ['apply', '--auto-approve', '--parallelism', '1']

test('two applies at the same time: one writes everything, then the other one does', async () => {
  const sandbox = await startSandbox()
  const written: string[] = []
  const watch = (name: string) => {
    let seen = 0
    return (output: string) => {
      const count = output.match(/created$/gm)?.length ?? 0
      written.push(...Array.from({ length: count - seen }, () => name))
      seen = count
    }
  }
  const [first, second] = await Promise.all(
    ['a', 'b'].map((name) => workplace(roles(60), sandbox).run(apply, { onOutput: watch(name) })),
  )
  expect([first?.code, second?.code], `${first?.output}${second?.output}`).toEqual([0, 0])
  const turns = written.filter((name, index) => name !== written[index - 1])
  expect(turns).toHaveLength(2)
  expect((await policyNames(sandbox)).filter((name) => name.includes('lock'))).toEqual([])
  await sandbox.close()
})

test('the second of two applies of the same plan finds that everything is done', async () => {
  const sandbox = await startSandbox()
  const { run } = workplace(roles(50), sandbox)
  expect(await run(['plan', '--out', 'saved.json'])).toMatchObject({ code: 2 })
  const [first, second] = await Promise.all([run(['apply', 'saved.json']), run(['apply', 'saved.json'])])
  expect([first.code, second.code], first.output + second.output).toEqual([0, 0])
  const summaries = [first, second].map(({ stdout }) => stdout)
  expect(summaries.filter((text) => text.includes('54 created'))).toHaveLength(1)
  expect(summaries.filter((text) => text.includes('54 already so'))).toHaveLength(1)
  await sandbox.close()
})

/** Ends an apply by SIGKILL as soon as it has written its first role. */
async function crash(run: ReturnType<typeof workplace>['run'], ...options: string[]) {
  let killed = false
  const ended = await run([...apply, ...options], {
    onOutput(output, kill) {
      if (killed || !/jwt-role\/\S+ created/.test(output)) return
      killed = true
      kill('SIGKILL')
    },
  })
  expect(ended.code).toBeNull()
}

/** Makes the lock look as if it had been taken on another machine. */
async function elsewhere(server: { readonly address: string; readonly token: string }) {
  const [name] = (await policyNames(server)).filter((name) => name.startsWith('vaultwright-lock-'))
  const path = `sys/policies/acl/${name}`
  const { body } = await request(server, 'GET', path)
  const { policy } = (body as JsonObject)['data'] as { policy: string }
  expect(policy).toMatch(/"process":"[0-9a-f-]{36} pid:\[\d+\] \d+ \d+"/)
  await request(server, 'POST', path, { policy: policy.replace('"process":"', '"process":"0') })
}

test('what a crashed apply of the same machine left keeps nobody out, and is no object of anybody', async () => {
  const sandbox = await startSandbox()
  const { run } = workplace(roles(100), sandbox)
  await crash(run)
  expect((await policyNames(sandbox)).filter((name) => name.startsWith('vaultwright-lock-'))).toHaveLength(1)
  const drift = await run(['drift', '--format', 'json'])
  expect(drift.output).not.toContain('vaultwright-lock-')

  const again = await run([...apply, '--lock-timeout', '0s'])
  expect(again, again.output).toMatchObject({ code: 0, stderr: expect.not.stringContaining('waiting') })
  expect(await policyNames(sandbox)).not.toContainEqual(expect.stringContaining('vaultwright-lock-'))
  await sandbox.close()
})

test('what a crashed apply of another machine left keeps nobody out for long', async () => {
  const sandbox = await startSandbox()
  const { run } = workplace(roles(100), sandbox)
  await crash(run, '--lock-ttl', '1s')
  await elsewhere(sandbox)

  const hasty = await run([...apply, '--lock-timeout', '0s'])
  expect(hasty).toMatchObject({ code: 1, stderr: expect.stringContaining('another apply is changing') })
  expect(hasty.stderr).toMatch(/process \d+/)
  expect(hasty.stdout).not.toContain('Applied')

  const patient = await run(apply)
  expect(patient).toMatchObject({ code: 0, stderr: expect.stringContaining('waiting for another apply: ') })
  expect(await policyNames(sandbox)).not.toContainEqual(expect.stringContaining('vaultwright-lock-'))
  expect(await run(['plan'])).toMatchObject({ code: 0 })
  await sandbox.close()
})

test('--no-lock goes ahead, and writes no lock', async () => {
  const sandbox = await startSandbox()
  const { run } = workplace(roles(20), sandbox)
  await request(sandbox, 'POST', 'sys/policies/acl/vaultwright-lock-0', { policy: '# somebody' })
  expect(await run([...apply, '--no-lock'])).toMatchObject({ code: 0 })
  expect(await policyNames(sandbox)).toContain('vaultwright-lock-0')
  await sandbox.close()
})

test('an entry that shows no life, and would outlast every wait, is no dead end', async () => {
  const sandbox = await startSandbox()
  const { run } = workplace(roles(1), sandbox)
  const left = '# Left behind\n# {"holder":"a job","ttl":300,"beat":0}'
  await request(sandbox, 'POST', 'sys/policies/acl/vaultwright-lock-0', { policy: left })
  const ended = await run([...apply, '--lock-timeout', '1s'])
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('another apply is changing') })
  expect(ended.stderr).toContain('--lock-timeout 610s, or delete the policy vaultwright-lock-0')
  await sandbox.close()
})

test('a time that is none, or longer than others believe, is said before anything is sent', async () => {
  const { run } = workplace(roles(1), { address: 'http://127.0.0.1:1', token: 'none' })
  const ended = await run([...apply, '--lock-ttl', 'soon'])
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('--lock-ttl soon') })
  const long = await run([...apply, '--lock-ttl', '1h'])
  expect(long).toMatchObject({ code: 1, stderr: expect.stringContaining('--lock-ttl 1h: no lock counts for longer') })
})
