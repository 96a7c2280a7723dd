import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseJournal } from '../../src/core/journal.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { withFiles } from '../support/files.ts'
import { configuration, manyRoles, ownName, type Workplace, workplace } from './fixture.ts'

const folderOf = ({ directory }: Workplace) => join(directory, '.vaultwright/journal')

function theJournal(place: Workplace) {
  const [name = ''] = readdirSync(folderOf(place))
  return parseJournal(readFileSync(join(folderOf(place), name), 'utf8'), name)
}

async function withSandbox<T>(work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await startSandbox()
  try {
    return await work(sandbox)
  } finally {
    await sandbox.close()
  }
}

/** Whether the mount is on the server. */
const isThere = async (sandbox: Sandbox, id: string) => {
  const answer = await fetch(`${sandbox.address}/v1/sys/auth`, { headers: { 'x-vault-token': sandbox.token } })
  return Object.keys(((await answer.json()) as { data: object }).data).includes(`${id}/`)
}

test('a journal is readable by its owner only, kept out of git, and named by the report', () =>
  withSandbox(async (sandbox) => {
    const place = workplace(configuration(ownName()), sandbox)
    const { stdout } = await place.run(['apply', '--auto-approve', '--format', 'json'])
    const { journal } = JSON.parse(stdout) as { readonly journal: string }
    expect(statSync(join(place.directory, journal)).mode & 0o777).toBe(0o600)
    for (const folder of ['.vaultwright', '.vaultwright/journal'])
      expect(statSync(join(place.directory, folder)).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(place.directory, '.vaultwright/.gitignore'), 'utf8')).toBe('*\n')
    const { header, entries, close } = theJournal(place)
    expect(header).toMatchObject({
      environments: [{ environment: 'production', server: { address: sandbox.address } }],
    })
    expect(entries.map(({ begin, end }) => [begin.object.address.split('/')[0], end?.status])).toEqual([
      ['auth-mount', 'done'],
      ['jwt-config', 'done'],
      ['policy', 'done'],
      ['jwt-role', 'done'],
    ])
    expect(close).toMatchObject({ outcomes: { done: 4, failed: 0 } })
    await place.run(['apply', '--auto-approve'])
    expect(readdirSync(folderOf(place)), 'an apply that has nothing to do').toHaveLength(1)
  }))

test('--journal and VAULTWRIGHT_JOURNAL name another place: a file, or a folder', () =>
  withSandbox(async (sandbox) => {
    const place = workplace(configuration(ownName()), sandbox)
    await place.run(['apply', '--auto-approve', '--journal', 'here.jsonl'])
    expect(existsSync(join(place.directory, 'here.jsonl'))).toBe(true)
    const other = workplace(configuration(ownName()), sandbox)
    await other.run(['apply', '--auto-approve'], { env: { VAULTWRIGHT_JOURNAL: 'journals/' } })
    expect(readdirSync(join(other.directory, 'journals'))).toEqual([
      expect.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{8}\.jsonl$/),
    ])
    for (const { directory } of [place, other]) expect(existsSync(join(directory, '.vaultwright'))).toBe(false)
  }))

describe('nothing is applied where the journal cannot be begun', () => {
  const refused = async (prepare: (place: Workplace) => void, words: readonly string[], reason: RegExp) =>
    withSandbox(async (sandbox) => {
      const id = ownName()
      const place = workplace(configuration(id), sandbox)
      prepare(place)
      const ended = await place.run(['apply', '--auto-approve', ...words])
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(reason) })
      expect(ended.stderr).toContain('error[unwritable-journal]')
      expect(await isThere(sandbox, id)).toBe(false)
    })

  test('over another file', () =>
    refused(({ directory }) => writeFileSync(join(directory, 'j'), 'mine'), ['--journal', 'j'], /EEXIST/))

  test('through a link at its own place', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'vaultwright-elsewhere-'))
    return refused(
      ({ directory }) => symlinkSync(join(elsewhere, 'x'), join(directory, 'j')),
      ['--journal', 'j'],
      /EEXIST/,
    )
  })

  test('through a link that a merge request put where its folder would be', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'vaultwright-elsewhere-'))
    await refused(({ directory }) => symlinkSync(elsewhere, join(directory, '.vaultwright')), [], /is no folder/)
    await refused(
      ({ directory }) => {
        mkdirSync(join(directory, '.vaultwright'))
        symlinkSync(elsewhere, join(directory, '.vaultwright/journal'))
      },
      [],
      /is no folder/,
    )
    expect(readdirSync(elsewhere)).toEqual([])
    rmSync(elsewhere, { recursive: true })
  })

  test('in a folder that is a file', () =>
    refused(({ directory }) => writeFileSync(join(directory, 'f'), ''), ['--journal', 'f/j'], /ENOTDIR|EEXIST/))
})

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

interface Small {
  readonly folder: string
  /** The command that runs the program where no file can grow beyond the disk. */
  readonly command: readonly string[]
  readonly code: string
  remove(): void
}

/** A disk of so many KiB, where this machine lets us have one; else a limit for every file of the program. */
function smallDisk(kibibytes: number): Small {
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-disk-'))
  const remove = () => rmSync(folder, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder]).status === 0
  if (mounted) {
    const unmount = () => {
      spawnSync('umount', [folder])
      remove()
    }
    return { folder, command: [process.execPath, program], code: 'ENOSPC', remove: unmount }
  }
  return { folder, command: limitedTo(kibibytes), code: 'EFBIG', remove }
}

/** POSIX counts blocks of 512 bytes. */
function limitedTo(kibibytes: number): string[] {
  return ['/bin/sh', '-c', `ulimit -f ${kibibytes * 2}; exec "$@"`, 'sh', process.execPath, program]
}

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function runLimited(command: readonly string[], words: readonly string[], cwd: string, sandbox: Sandbox): Promise<Run> {
  const [file = '', ...first] = command
  const child = spawn(file, [...first, ...words], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      CI: 'true',
      VAULT_ADDR: sandbox.address,
      VAULT_TOKEN: sandbox.token,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

describe('a disk that is full', () => {
  test('before the first write lets nothing be applied', () =>
    withSandbox(async (sandbox) => {
      const id = ownName()
      const words = ['apply', '--auto-approve', '--journal', 'j']
      const ended = await runLimited(limitedTo(0), words, withFiles(configuration(id)), sandbox)
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/error\[unwritable-journal\].*EFBIG/) })
      expect(await isThere(sandbox, id)).toBe(false)
    }))

  test('in the middle lets nothing more begin, finishes what was begun, says why, and all of it can be taken back', () =>
    withSandbox(async (sandbox) => {
      const id = ownName()
      const directory = withFiles(manyRoles(id, 120))
      const { folder, command, code, remove } = smallDisk(32)
      onTestFinished(remove)
      const journal = join(folder, 'j')
      const words = ['apply', '--auto-approve', '--parallelism', '4', '--journal', journal]
      const ended = await runLimited(command, words, directory, sandbox)
      const [, done, left] = /Applied: (\d+) created, 0 updated, 0 deleted; (\d+) skipped/.exec(ended.stdout) ?? []
      expect(Number(done), ended.stderr).toBeGreaterThan(10)
      expect(Number(done) + Number(left)).toBe(124)
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining(`could not be written (${code})`) })

      const place = workplace({}, sandbox)
      const run = (words: readonly string[]) => place.run(words, { cwd: directory })
      expect(await run(['plan'])).toMatchObject({ code: 2, stdout: expect.stringContaining(`Plan: ${left} to create`) })
      const allowed = ['--allow', `delete:auth-mount/${id}`, '--allow', 'share:all', '--allow', 'share:jwt-role']
      expect(await run(['rollback', journal, ...allowed, '--out', 'back.json'])).toMatchObject({ code: 2 })
      expect(await run(['apply', '--rollback', 'back.json'])).toMatchObject({ code: 0 })
      expect(await isThere(sandbox, id)).toBe(false)
      expect(await run(['plan'])).toMatchObject({ stdout: expect.stringContaining('Plan: 124 to create') })
    }))
})

test('Ctrl-C ends a journal as it ends the apply: with what was done and what was left', () =>
  withSandbox(async (sandbox) => {
    const id = ownName()
    const place = workplace(manyRoles(id, 200), sandbox)
    let stopped = false
    const ended = await place.run(['apply', '--auto-approve', '--parallelism', '1'], {
      onOutput(output, kill) {
        if (stopped || !/\+ jwt-role\/\S+ created/.test(output)) return
        stopped = true
        kill('SIGINT')
      },
    })
    expect(ended.code).toBe(1)
    const { entries, close } = theJournal(place)
    const [, done, left] = /Applied: (\d+) created, 0 updated, 0 deleted; (\d+) skipped/.exec(ended.stdout) ?? []
    expect(close).toMatchObject({ outcomes: { done: Number(done), skipped: Number(left) } })
    expect(entries.filter(({ end }) => end?.status === 'done')).toHaveLength(Number(done))
    expect(entries.every(({ end }) => end !== undefined)).toBe(true)
  }))
