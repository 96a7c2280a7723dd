import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { shellFunctions } from '../../../src/gitlab/jobs/shell/functions.ts'

/** A shell, and the programs that a job in it finds. */
export interface Image {
  readonly name: string
  /** Program and arguments before the script's file. */
  readonly shell: readonly string[]
  readonly path: string
}

/** As on Alpine: everything is busybox, besides the curl that a job installs. */
export function alpine(folder: string): Image {
  const busybox = findProgram('busybox', 'apt-get install busybox, or apk add busybox')
  mkdirSync(join(folder, 'bin'))
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (applet !== 'busybox') symlinkSync(busybox, join(folder, 'bin', applet))
  return { name: 'busybox', shell: [busybox, 'sh'], path: join(folder, 'bin') }
}

/** The machine's own sh, which is dash on Debian, with its awk. */
export function ownShell(folder: string, awk = 'awk'): Image {
  mkdirSync(join(folder, 'own'))
  symlinkSync(findProgram(awk, `install ${awk}`), join(folder, 'own', 'awk'))
  return { name: `sh with ${awk}`, shell: ['/bin/sh'], path: `${join(folder, 'own')}:/usr/bin:/bin` }
}

function findProgram(name: string, how: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(':'))
    if (existsSync(join(folder, name))) return join(folder, name)
  throw new Error(`${name} is not installed, and this test needs it: ${how}`)
}

export interface JobShell {
  readonly code: number | null
  readonly output: string
  /** Arguments and environment of every curl, as another process of the machine could see them. */
  readonly curls: string
  /** CI_PROJECT_DIR. */
  readonly project: string
  /** What the job left beside its checkout. */
  left(): readonly string[]
}

/**
 * Runs lines as GitLab's runner does: before_script and script in one shell that ends at the first error, then
 * after_script in another (shells/bash.go).
 */
export async function runShell(
  image: Image,
  lines: readonly string[],
  env: Readonly<Record<string, string>>,
  { after = ['vault_end'], first = '' }: { readonly after?: readonly string[]; readonly first?: string } = {},
): Promise<JobShell> {
  const folder = mkdtempSync(join(tmpdir(), 'vaultwright-job-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const project = join(folder, 'project')
  mkdirSync(project)
  const [log, curl] = [join(folder, 'curls'), join(folder, 'curl')]
  writeFileSync(log, '')
  writeFileSync(
    curl,
    `#!/bin/sh\n{ printf '%s\\n' "$@"; env | sed 's/^/env /'; } >>'${log}'\nexec '${findProgram('curl', 'install curl')}' "$@"\n`,
  )
  chmodSync(curl, 0o755)
  const whole = { PATH: `${folder}:${image.path}`, CI_PROJECT_DIR: project, CI_JOB_ID: '17', ...env }
  const run = (name: string, script: readonly string[]) => {
    writeFileSync(join(folder, name), ['set -e', first, shellFunctions, ...script, ''].join('\n'))
    return started([...image.shell, join(folder, name)], whole, project)
  }
  const main = await run('main.sh', lines)
  const { output } = await run('after.sh', after)
  const beside = `${project}.tmp`
  return {
    code: main.code,
    output: main.output + output,
    curls: readFileSync(log, 'utf8'),
    project,
    left: () => (existsSync(beside) ? readdirSync(beside, { recursive: true }).map(String) : []),
  }
}

function started(
  [program = '', ...words]: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
