import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output } from '../session/command.ts'
import { createMasker, type MaskTable } from './mask.ts'
import { openOutputPipe } from './output-pipe.ts'
import { codeOf, type Signals } from './signals.ts'

export interface CommandRun {
  readonly command: readonly [string, ...string[]]
  readonly env: NodeJS.ProcessEnv
  /** Absent to hand the terminal through. */
  readonly mask?: MaskTable
  readonly stdout: Output
  readonly stderr: Output
  readonly signals: Signals
  readonly say: (text: string) => void
}

/** Runs the command to its end. Gives its exit code; 128 + n for a signal, 126 and 127 where it cannot be started. */
export async function runCommand(run: CommandRun): Promise<number> {
  const { command, env, mask, signals } = run
  const [program, ...words] = command
  const [out, err] = mask === undefined ? [] : [openOutputPipe(), openOutputPipe()]
  let child: ChildProcess
  try {
    child = spawn(program, words, { env, stdio: ['inherit', out?.writer ?? 'inherit', err?.writer ?? 'inherit'] })
  } catch (error) {
    return notStarted(run, error as NodeJS.ErrnoException)
  }
  // Before a signal: where one may not be sent, the child says so at once.
  const ending = endOf(child, run)
  signals.sendTo((name) => child.kill(name))
  const pumps =
    mask === undefined
      ? []
      : [pump(out?.reader(child.stdout), run.stdout, mask), pump(err?.reader(child.stderr), run.stderr, mask)]
  const code = await ending
  signals.sendTo(undefined)
  await Promise.all(pumps.map((pumping) => pumping.finish()))
  return code
}

function endOf(child: ChildProcess, run: CommandRun): Promise<number> {
  return new Promise((resolve) => {
    // Also for each signal that may not be sent to it, as to a sudo; the run waits on.
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve(notStarted(run, error))
    })
    child.once('exit', (code, signal) => resolve(signal === null ? (code as number) : codeOf(signal)))
  })
}

function notStarted({ command: [program], say }: CommandRun, { code }: NodeJS.ErrnoException): number {
  if (code === 'ENOENT') {
    say(`there is no command ${JSON.stringify(program)} to run; what stands after "--" is looked for in PATH`)
    return 127
  }
  const why =
    code === 'EACCES' ? 'it is not executable' : code === 'E2BIG' ? 'its arguments and variables are too long' : code
  say(`${JSON.stringify(program)} cannot be run: ${why}`)
  return 126
}

interface Pump {
  /** Resolves when all that the command printed is handed on, whoever else still holds its end of the pipe. */
  finish(): Promise<void>
}

/** Milliseconds without a byte after which nothing more is expected of a command that has ended. */
const quiet = 150

function pump(from: Readable | undefined, to: Output, table: MaskTable): Pump {
  if (from === undefined) return { finish: async () => {} }
  const masker = createMasker(table)
  let [busy, done, last] = [false, false, Date.now()]
  const write = async (bytes: Buffer) => {
    busy = true
    const failed = bytes.length > 0 && (await written(to, bytes))
    // Nobody reads any more: the command is to see that as well.
    if (failed) from.destroy()
    busy = false
    last = Date.now()
  }
  const copy = async () => {
    try {
      for await (const chunk of from) await write(masker.write(chunk as Buffer))
    } catch {
      // The pipe was closed: what had come before is printed below.
    }
    done = true
  }
  const copied = copy()
  return {
    async finish() {
      // A process in the background may keep the pipe open for ever.
      while (!done && (busy || Date.now() - last < quiet)) await Promise.race([copied, sleep(20)])
      from.destroy()
      await copied
      await write(masker.end())
    },
  }
}

function written(to: Output, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => to.write(bytes, (error) => resolve(error instanceof Error)))
}
