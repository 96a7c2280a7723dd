import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { sign } from '../../support/issuer.ts'
import { liveVault } from '../../support/live-vault.ts'
import { repository } from '../../support/program.ts'
import { canary, makeWorld, reads, recorder, tokenStatus, type World, writeSecret } from './world.ts'

let world: World
const [password, user] = [canary(), canary()]

beforeAll(async () => {
  world = await makeWorld(await liveVault())
  await writeSecret(world, 'app/db', { password, user, port: 5432, long: 'a\nb' })
})

const allowed = () => reads(`${world.v2}/data/app/*`, `${world.v1}/*`)

/** What the command is given, written where masking does not reach. */
function dump(directory: string, expression: string): string[] {
  return ['--', 'sh', '-c', `printf %s "${expression}" > ${join(directory, 'out')}`]
}

const dumped = (directory: string) => readFileSync(join(directory, 'out'), 'utf8')

describe('the command', () => {
  const secret = () => `--secret=SECRET=${world.v2}/app/db#password`

  test("its output is masked, in both streams and in base64; the run's own tokens are as well", async () => {
    const role = await world.role(allowed())
    const script =
      'echo "out $SECRET"; echo "err $SECRET" >&2; printf "u:%s" "$SECRET" | base64 | tr -d "\\n"; echo; echo "$VAULT_TOKEN $VAULT_ID_TOKEN"'
    const ended = await world.exec(['--role', role, secret(), '--pass-token', '--', 'sh', '-c', script])
    expect(ended.code).toBe(0)
    expect(ended.stderr).toBe('err [MASKED]\n')
    expect(ended.stdout).toMatch(/^out \[MASKED\]\n\S{2,4}\[MASKED\]\S{0,3}\n\[MASKED\] \[MASKED\]\n$/)
    expect(ended.output).not.toContain(password)
  })

  test('--no-mask hands its output through', async () => {
    const role = await world.role(allowed())
    const ended = await world.exec(['--role', role, secret(), '--no-mask', '--', 'sh', '-c', 'echo "$SECRET"'])
    expect(ended).toMatchObject({ code: 0, stdout: `${password}\n` })
  })

  test('a megabyte of bytes that are no text comes out as it went in', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const script = `head -c 1000000 /dev/urandom > ${directory}/in; cat ${directory}/in`
    const inner = `"$0" "$@" > ${directory}/out`
    const program = [join(repository, 'dist/cli.js'), 'exec', '--role', role, secret(), '--', 'sh', '-c', script]
    const env = { PATH: process.env['PATH'], VAULT_ADDR: world.server.address, VAULT_AUTH_PATH: world.id }
    execFileSync('sh', ['-c', inner, process.execPath, ...program], { env: { ...env, VAULT_ID_TOKEN: await sign() } })
    expect(readFileSync(join(directory, 'out')).equals(readFileSync(join(directory, 'in')))).toBe(true)
  })

  test('reads what the run is given on stdin, and ends with its own code', async () => {
    const role = await world.role(allowed())
    const ended = await world.exec(
      ['--role', role, secret(), '--', 'sh', '-c', 'read line; echo "got $line"; exit 7'],
      {
        input: 'words\n',
      },
    )
    expect(ended).toMatchObject({ code: 7, stdout: 'got words\n', stderr: '' })
  })

  test('does not get the tokens, under whatever name, but all else', async () => {
    const role = await world.role(allowed())
    const jwt = await sign()
    const env = { MY_JWT: jwt, COPY: jwt, VAULT_TOKEN: 'hvs.of-somebody-else', BAO_TOKEN: 'x', OTHER: 'kept' }
    const words = ['--id-token-variable', 'MY_JWT', '--role', role, secret(), '--', 'sh', '-c']
    const ended = await world.exec([...words, 'env | cut -d= -f1'], { env })
    const names = ended.stdout.split('\n')
    expect(names).toEqual(expect.arrayContaining(['OTHER', 'SECRET', 'VAULT_ADDR', 'PATH']))
    for (const name of ['MY_JWT', 'COPY', 'VAULT_TOKEN', 'BAO_TOKEN', 'VAULT_ID_TOKEN'])
      expect(names).not.toContain(name)
  })

  test('with --pass-token it can go on with the token of the login, which is revoked afterwards', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const words = ['--role', role, '--secrets', 'none.json', '--pass-token', ...dump(directory, '$VAULT_TOKEN')]
    const cwd = withFiles({ 'none.json': '{"secrets": {}}' })
    expect((await world.exec(words, { cwd })).code).toBe(0)
    expect(dumped(directory)).toMatch(/^(hv)?s\./)
    expect(await tokenStatus(world, dumped(directory))).not.toBe(200)
  })

  test.each([
    [['no-such-command-at-all'], 127, 'there is no command "no-such-command-at-all"'],
    [[join(import.meta.dirname, 'command.test.ts')], 126, 'not executable'],
    [['/nowhere/x', '--flag'], 127, '/nowhere/x'],
  ])('%j cannot be started', async (command, code, words) => {
    const role = await world.role(allowed())
    const way = await recorder(world.server)
    const ended = await world.exec(['--role', role, secret(), '--', ...command], { env: { VAULT_ADDR: way.address } })
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
    expect(way.asked.at(-1)).toBe('POST auth/token/revoke-self')
  })

  test('is all that can see a value: the run itself has none in its arguments or variables', async () => {
    const role = await world.role(allowed())
    const directory = withFiles({})
    const script = `cat /proc/$PPID/cmdline /proc/$PPID/environ | tr "\\0" "\\n" > ${directory}/out`
    expect((await world.exec(['--role', role, secret(), '--', 'sh', '-c', script])).code).toBe(0)
    expect(dumped(directory)).toContain('VAULT_ID_TOKEN=')
    expect(dumped(directory)).not.toContain(password)
  })

  test('ends when nobody reads its output any more', async () => {
    const role = await world.role(allowed())
    const program = [join(repository, 'dist/cli.js'), 'exec', '--role', role, secret(), '--', 'sh', '-c', 'yes']
    const env = { PATH: process.env['PATH'], VAULT_ADDR: world.server.address, VAULT_AUTH_PATH: world.id }
    const words = ['-c', '"$0" "$@" | head -1', process.execPath, ...program]
    const out = execFileSync('sh', words, { env: { ...env, VAULT_ID_TOKEN: await sign() } })
    expect(String(out)).toBe('y\n')
  })

  test('may open /dev/stdout and /dev/stderr by name', async () => {
    const role = await world.role(allowed())
    const script = 'echo "out $SECRET" > /dev/stdout; echo "err $SECRET" | tee /dev/stderr'
    const ended = await world.exec(['--role', role, secret(), '--', 'sh', '-c', script])
    expect(ended).toMatchObject({ code: 0, stdout: 'out [MASKED]\nerr [MASKED]\n', stderr: 'err [MASKED]\n' })
  })

  test('a process that it leaves in the background does not hold the run up', async () => {
    const role = await world.role(allowed())
    const script = 'sleep 300 & echo "$! done"'
    const ended = await world.exec(['--role', role, secret(), '--', 'sh', '-c', script])
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ done\n$/) })
    process.kill(Number.parseInt(ended.stdout, 10))
  })

  test('gets a file for what no variable can hold', async () => {
    const big = 'x'.repeat(200_000)
    await writeSecret(world, 'app/big', { big, nul: 'a\0b' })
    const role = await world.role(allowed())
    const words = (kind: string) => [
      '--role',
      role,
      `--${kind}=BIG=${world.v2}/app/big#big`,
      `--${kind}=NUL=${world.v2}/app/big#nul`,
    ]
    const refused = await world.exec([...words('secret'), '--', 'true'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('BIG is longer than an environment variable can be')
    expect(refused.stderr).toContain('NUL holds a NUL')
    const taken = await world.exec([...words('secret-file'), '--', 'sh', '-c', 'cat $BIG $NUL | wc -c'])
    expect(taken).toMatchObject({ code: 0, stdout: '200003\n' })
  })

  test('is warned about values that are too short to be masked', async () => {
    const role = await world.role(allowed())
    const ended = await world.exec(['--role', role, `--secret=PORT=${world.v2}/app/db#port`, '--', 'true'])
    expect(ended.stderr).toContain('not masked, because shorter than 8 characters: PORT')
    expect(ended.stderr).not.toContain('5432')
  })
})
