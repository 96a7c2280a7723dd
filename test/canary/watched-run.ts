import { spawn } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Canaries } from './canaries.ts'

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** The folders of one run that it may write to. */
export interface Places {
  readonly work: string
  readonly home: string
  readonly temporary: string
}

export interface Watched {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** What was found and where; empty where no canary showed. */
  readonly leaks: readonly string[]
  readonly bytes: number
  readonly files: number
}

export interface Watching {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly places: Places
  readonly planted: Canaries
  readonly input?: string
  /** Called with everything printed so far. */
  readonly onOutput?: (output: string, kill: (signal: NodeJS.Signals) => void) => void
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs the built program, looks at it while it runs, and then searches everything that it left anywhere. */
export async function watch(watching: Watching): Promise<Watched> {
  const { words, env, places, planted } = watching
  const before = stateOf(places)
  const during: string[] = []
  const { stdout, stderr, code } = await new Promise<Printed>((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      cwd: places.work,
      env: { PATH: process.env['PATH'], HOME: places.home, TMPDIR: places.temporary, CI: 'true', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    const kill = (signal: NodeJS.Signals) => child.kill(signal)
    const look = () => during.push(...lookAtProcess(child.pid as number, planted), ...openFiles(places, planted))
    const looking = setInterval(look, 40)
    const seen = (chunks: Buffer[]) => (chunk: Buffer) => {
      chunks.push(chunk)
      look()
      watching.onOutput?.(Buffer.concat([...out, ...err]).toString(), kill)
    }
    child.stdout.on('data', seen(out))
    child.stderr.on('data', seen(err))
    child.once('error', reject)
    child.once('close', (code) => {
      clearInterval(looking)
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err) })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(watching.input ?? '')
    watching.onStart?.(kill)
  })
  const left = changedSince(before, places).map((path) => [path, readFileSync(path)] as const)
  const everything = [['stdout', stdout] as const, ['stderr', stderr] as const, ...left]
  const leaks = everything.flatMap(([where, bytes]) => planted.foundIn(bytes).map((what) => `${what} in ${where}`))
  const names = left.flatMap(([path]) => planted.foundIn(Buffer.from(path)).map((what) => `${what} in a file's name`))
  const stayed = [...filesBelow(places.temporary)].map((path) => `${path} stayed`)
  return {
    ...{ code, stdout: stdout.toString(), stderr: stderr.toString(), files: left.length },
    leaks: [...new Set([...leaks, ...names, ...during, ...stayed])],
    bytes: everything.reduce((sum, [, bytes]) => sum + bytes.length, 0),
  }
}

interface Printed {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** What everybody on the machine can see of a process (`ps`), and of those that it started. */
function lookAtProcess(pid: number, planted: Canaries): string[] {
  const read = (path: string) => {
    try {
      return readFileSync(path)
    } catch {
      // It is gone, or this is no Linux.
      return Buffer.alloc(0)
    }
  }
  const children = read(`/proc/${pid}/task/${pid}/children`).toString().split(' ').filter(Boolean)
  return [pid, ...children].flatMap((id) =>
    ['cmdline', 'comm', 'status'].flatMap((file) =>
      planted.foundIn(read(`/proc/${id}/${file}`)).map((what) => `${what} in /proc/PID/${file}`),
    ),
  )
}

/** Temporary files may hold a secret while the run lasts (`exec` is there for that), readable by its owner only. */
function openFiles({ temporary }: Places, planted: Canaries): string[] {
  return [...filesBelow(temporary)].flatMap((path) => {
    try {
      if (planted.foundIn(readFileSync(path)).length === 0) return []
      const modes = [path, join(path, '..')].map((one) => statSync(one).mode & 0o077)
      return modes.every((mode) => mode === 0) ? [] : [`others can read ${path}`]
    } catch {
      return []
    }
  })
}

type State = ReadonlyMap<string, string>

function stateOf(places: Places): State {
  const paths = Object.values(places).flatMap((folder) => [...filesBelow(folder)])
  return new Map(paths.map((path) => [path, stamp(path)]))
}

function changedSince(before: State, places: Places): string[] {
  return [...stateOf(places)].flatMap(([path, now]) => (before.get(path) === now ? [] : [path]))
}

function stamp(path: string): string {
  const { mtimeMs, size, ino } = lstatSync(path)
  return `${mtimeMs} ${size} ${ino}`
}

function* filesBelow(folder: string): Generator<string> {
  let entries: ReturnType<typeof list>
  try {
    entries = list(folder)
  } catch {
    return
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

function list(folder: string) {
  return readdirSync(folder, { withFileTypes: true })
}
