import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { planDigest } from '../../src/core/plan.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { configuration, ownName, workplace } from './fixture.ts'

/** What a pipeline allows, in which nobody writes the command line. */

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox()
  return async () => await sandbox.close()
})

/** A server that has two roles, and files in which one of them has lost a binding: `unbind:` is to be allowed. */
async function unbinding() {
  const id = ownName()
  const files = configuration(id)
  const first = String(files['roles/ci.yaml'])
  const all = { ...files, 'roles/other.yaml': `name: other\n${first}` }
  const applied = await workplace(all, sandbox).run(['apply', '--auto-approve'])
  expect(applied.code, applied.output).toBe(0)
  const less = (text: string) => text.replace('bound_claims: { project_id: "42" }', 'bound_subject: x')
  return { id, ...workplace({ ...all, 'roles/ci.yaml': less(first) }, sandbox), allow: `unbind:jwt-role/${id}/ci` }
}

const variable = (value: string) => ({ env: { VAULTWRIGHT_ALLOW: value } })

describe('VAULTWRIGHT_ALLOW', () => {
  test('releases what it names in a plan, which says so, and in its apply', async () => {
    const { run, directory, allow } = await unbinding()
    expect(await run(['plan', '--out', 'plan.json'])).toMatchObject({ code: 1 })
    expect(await run(['plan', '--out', 'plan.json'], variable(''))).toMatchObject({ code: 1 })
    const planned = await run(['plan', '--out', 'plan.json'], variable(`  touch:policy/default\n${allow} ${allow} `))
    expect(planned).toMatchObject({ code: 2, stdout: expect.stringContaining(`Released by hand: ${allow}`) })
    expect(planned.stderr.match(/needless-allow/g)).toHaveLength(1)
    expect(planned.stderr).toContain('VAULTWRIGHT_ALLOW touch:policy/default: nothing in this plan needs it')
    const [environment] = JSON.parse(readFileSync(join(directory, 'plan.json'), 'utf8')).environments
    expect(environment.allowed).toEqual([allow])
    expect(await run(['apply', 'plan.json'])).toMatchObject({ code: 0 })
  })

  test('adds to --allow, and releases the fresh plan of an apply', async () => {
    const { run, allow } = await unbinding()
    expect(await run(['apply', '--auto-approve'])).toMatchObject({ code: 1 })
    const [option, both] = [['--allow', 'touch:policy/default'], variable(`touch:policy/default ${allow}`)]
    const applied = await run(['apply', '--auto-approve', ...option], both)
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining(`Released by hand: ${allow}`) })
    expect(applied.stderr.match(/needless-allow.*/g)).toEqual([expect.stringContaining('--allow touch:policy/default')])
  })

  test('releases nothing of a saved plan, which was reviewed with what it was allowed', async () => {
    const { run, directory, allow } = await unbinding()
    await run(['plan', '--out', 'plan.json'], variable(allow))
    const file = join(directory, 'plan.json')
    const saved = JSON.parse(readFileSync(file, 'utf8'))
    delete saved.environments[0].allowed
    writeFileSync(file, JSON.stringify({ ...saved, digest: planDigest(saved) }))
    expect(await run(['apply', 'plan.json'], variable(allow))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`--allow ${allow}`),
    })
  })

  test('releases a way back', async () => {
    const { run, directory, allow } = await unbinding()
    expect(await run(['apply', '--auto-approve', '--journal', 'one.jsonl'], variable(allow))).toMatchObject({ code: 0 })
    const role = join(directory, 'roles/ci.yaml')
    writeFileSync(role, readFileSync(role, 'utf8').replace('bound_subject: x', 'bound_subject: x\ntoken_ttl: 9m'))
    await run(['apply', '--auto-approve', '--journal', 'two.jsonl'])
    const back = ['rollback', 'one.jsonl', '--out', 'back.json']
    const refused = await run(back)
    expect(refused.code, refused.output).toBe(1)
    const names = refused.stderr.match(/(?<=--allow )[a-z]+:\S+?(?=[.,;)]?(?:\s|$))/g) ?? []
    expect(names).not.toEqual([])
    const released = await run(back, variable(names.join(' ')))
    expect(released.code, released.output).toBe(2)
  })

  test('is not asked by drift, which only looks', async () => {
    const { run, allow } = await unbinding()
    const { code, stdout, stderr } = await run(['drift'], variable(`${allow} nonsense`))
    expect(code).toBe(2)
    expect(stdout).toContain('Putting it back would be refused:')
    expect(stderr).not.toContain('needless-allow')
  })

  test.each([
    ['delete:auth-mont/jwt', 'did you mean auth-mount?'],
    ['*', 'there is nothing of that name to allow'],
    ['--allow share:all', 'VAULTWRIGHT_ALLOW --allow: '],
  ])('is an error that names it when no brake could mean it: %s', async (value, reason) => {
    const { run } = workplace(configuration(ownName()), sandbox)
    for (const words of [['plan'], ['apply', '--auto-approve']]) {
      const { code, stderr } = await run(words, variable(value))
      expect(code).toBe(1)
      expect(stderr).toContain('VAULTWRIGHT_ALLOW ')
      expect(stderr).toContain(reason)
    }
  })
})

test('in a job, a refused plan says how a pipeline is run that may apply it', async () => {
  const { run, allow } = await unbinding()
  const how = `with the variable VAULTWRIGHT_ALLOW set to: ${allow}\n`
  expect((await run(['plan'], { env: { GITLAB_CI: 'true' } })).stderr).toContain(how)
  expect((await run(['plan'])).stderr).not.toContain('VAULTWRIGHT_ALLOW')
})
