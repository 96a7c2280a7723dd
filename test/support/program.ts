import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The built program as people start it. */
const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

export const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both, for what must appear in neither. */
  readonly output: string
}

export interface RunOptions {
  /** All of the environment besides PATH. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Called with everything printed so far, whenever something is; may end the process. */
  readonly onOutput?: (output: string, kill: (signal: NodeJS.Signals) => void) => void
  readonly input?: string
  /** Called once, with what may end the process later. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void
  /** Called when the process is gone, however it ended. */
  readonly onEnd?: () => void
}

/** Runs `vaultwright <words>` to its end. Never rejects for an exit code. */
export function vaultwright(
  words: readonly string[],
  { env = {}, cwd = repository, onOutput, input, onStart, onEnd }: RunOptions = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', CI: 'true', ...journal(cwd), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    onStart?.((signal) => child.kill(signal))
    let [stdout, stderr, output] = ['', '', '']
    const seen = (chunk: Buffer) => {
      output += chunk
      onOutput?.(output, (signal) => child.kill(signal))
    }
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk
      seen(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
      seen(chunk)
    })
    child.once('error', reject)
    child.once('exit', () => onEnd?.())
    child.once('close', (code) => resolve({ code, stdout, stderr, output }))
    child.stdin.end(input ?? '')
  })
}

/** Nothing that a test does is left in the repository. */
function journal(cwd: string): Readonly<Record<string, string>> {
  return cwd === repository ? { VAULTWRIGHT_JOURNAL: `${tmpdir()}/vaultwright-test-journals/` } : {}
}

/** A run that can be killed at a moment of the proxy's script. */
interface Killable {
  readonly options: Pick<RunOptions, 'onStart' | 'onEnd'>
  /** Ends it by SIGKILL; resolves when it is gone. What it had just sent is dropped. */
  readonly kill: () => Promise<'drop'>
}

export function killable(): Killable {
  let kill: (signal: NodeJS.Signals) => void = () => {}
  let gone: () => void = () => {}
  const end = new Promise<void>((resolve) => {
    gone = resolve
  })
  return {
    options: { onStart: (started) => (kill = started), onEnd: () => gone() },
    async kill() {
      kill('SIGKILL')
      await end
      return 'drop'
    },
  }
}
