/** A line of the table of commands: all that `--help` needs; the command itself is loaded when it is called. */
export interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

/** Commands that belong together, such as `access can` and `access why`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly commands: readonly CommandEntry[]
}

export interface Command {
  /** Shown under the command's own `--help`. */
  readonly description?: string
  /** Positional arguments, in commander's notation: `[file]`, `<name>`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly OptionSpec[]
  /** Gives the exit code. Throws UserError or VaultError. */
  run(context: Context, options: Options, args: readonly string[]): Promise<number>
}

export interface OptionSpec {
  /** In commander's notation: `--out <file>`. */
  readonly flags: string
  readonly description: string
  readonly choices?: readonly string[]
  readonly default?: string | boolean
  /** May be given several times; the values become a list. */
  readonly repeatable?: boolean
}

export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** The world as a command sees it; tests bring their own. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
  /** From now on these signals go to the handler and no longer to `signal`. Gives a function that takes this back. */
  takeSignals?(names: readonly NodeJS.Signals[], handler: (name: NodeJS.Signals) => void): () => void
}

export interface Output {
  /** `done` is called once all of it was handed on, or could not be. */
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): unknown
  readonly isTTY?: boolean
}

/** The run was asked to stop before it was done. */
export class Interrupted extends Error {
  constructor() {
    super('stopped')
    this.name = 'Interrupted'
  }
}
