import { commands } from '../../src/commands/index.ts'
import type { CommandEntry } from '../../src/commands/session/command.ts'
import { type Rows, type Run, rows } from './rows.ts'
import type { Scene } from './scene.ts'
import { type Watched, watch } from './watched-run.ts'

/** What a pass tried and found, for its test and for SECURITY.md. */
export interface Tally {
  runs: number
  readonly commands: Set<string>
  bytes: number
  files: number
  /** Runs that did something else than they were to do, so that their silence says nothing. */
  readonly astray: string[]
  readonly leaks: string[]
}

export function tally(): Tally {
  return { runs: 0, commands: new Set(), bytes: 0, files: 0, astray: [], leaks: [] }
}

export interface CommandOfTable {
  readonly name: string
  readonly entry: CommandEntry
}

/** All commands of the program, as people call them. */
export const everyCommand: readonly CommandOfTable[] = commands.flatMap((entry) =>
  'commands' in entry
    ? entry.commands.map((inner) => ({ name: `${entry.name} ${inner.name}`, entry: inner }))
    : [{ name: entry.name, entry }],
)

/** The formats that a command's `--format` takes; none where it has no such option. */
export async function formatsOf({ entry }: CommandOfTable): Promise<readonly string[]> {
  const command = await entry.load()
  return command.options.find(({ flags }) => flags.startsWith('--format '))?.choices ?? []
}

/** The runs of one command; made anew each time, because what they name may have been made meanwhile. */
export function runsOf(scene: Scene, command: string): readonly Run[] {
  return (rows(scene) as Rows)[command] ?? []
}

export async function tryOut(
  scene: Scene,
  name: string,
  run: Run,
  { tally, env = {}, more = [], ends = run.ends, note, onStart }: Trial,
): Promise<Watched> {
  await run.before?.()
  // What follows "--" is the command's own.
  const at = run.words.includes('--') ? run.words.indexOf('--') : run.words.length
  const words = [...run.words.slice(0, at), ...more, ...run.words.slice(at)]
  let stopped = false
  const ended = await watch({
    words,
    env: { ...run.env, ...env },
    places: scene.places,
    planted: scene.planted,
    ...(run.input === undefined ? {} : { input: run.input }),
    ...(onStart === undefined ? {} : { onStart }),
    onOutput(output, kill) {
      if (stopped || run.stop === undefined || !run.stop.when.test(output)) return
      stopped = true
      kill(run.stop.by)
    },
  })
  const told = [words.join(' '), ...(note === undefined ? [] : [note])].join(', ')
  tally.runs++
  tally.commands.add(name)
  tally.bytes += ended.bytes
  tally.files += ended.files
  tally.leaks.push(...ended.leaks.map((leak) => `${told}: ${leak}`))
  if (!ends.includes(ended.code))
    tally.astray.push(`${told}: ended with ${ended.code}: ${`${ended.stderr}${ended.stdout}`.slice(0, 900)}`)
  return ended
}

export interface Trial {
  readonly tally: Tally
  readonly env?: Readonly<Record<string, string>>
  /** More options. */
  readonly more?: readonly string[]
  readonly ends?: readonly (number | null)[]
  /** What else is to be said of the run in a failure. */
  readonly note?: string
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void
}

/** The figures, as SECURITY.md has them. */
export function figures(what: string, { planted }: Scene, { commands, runs, bytes, files, leaks }: Tally): string {
  return `canaries, ${what}: ${commands.size} commands, ${runs} runs, ${planted.planted.length} canaries planted, ${files} files and ${(bytes / 1e6).toFixed(1)} MB searched, found ${leaks.length}\n`
}
