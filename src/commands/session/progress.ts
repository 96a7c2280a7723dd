import type { Context, Options } from './command.ts'

/** What a run says while it works: one line that is rewritten on a terminal, a few plain lines elsewhere. */
export interface Progress {
  /** A new part of the work. */
  stage(text: string): void
  /** One more request was answered. */
  tick(): void
  /** A line that stays, above the moving one. */
  line(text: string): void
  end(): void
}

/** Milliseconds between two rewritings; more often is flicker, and costs what it measures. */
const interval = 100

export function progress({ stderr, env }: Context, { verbose }: Options): Progress {
  const write = (text: string) => void stderr.write(`${text}\n`)
  if (stderr.isTTY !== true || env['CI'] || env['TERM'] === 'dumb') return plainProgress(write, verbose === true)
  let [current, count, shown] = ['', 0, 0]
  const erase = () => shown > 0 && stderr.write('\r\x1b[2K')
  const draw = () => {
    shown = Date.now()
    stderr.write(`\r\x1b[2K${current}${count > 1 ? ` (${count} requests)` : ''}`)
  }
  return {
    stage(text) {
      current = text
      draw()
    },
    tick() {
      count++
      if (current !== '' && Date.now() - shown >= interval) draw()
    },
    line(text) {
      erase()
      stderr.write(`${text}\n`)
      draw()
    },
    end() {
      erase()
      shown = 0
    },
  }
}

function plainProgress(write: (text: string) => void, verbose: boolean): Progress {
  let count = 0
  return {
    stage: write,
    tick() {
      count++
    },
    line: write,
    end() {
      if (verbose && count > 0) write(`${count} requests`)
      count = 0
    },
  }
}
