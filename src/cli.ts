#!/usr/bin/env node
import './tiering.ts'
import { realpathSync } from 'node:fs'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Command as Commander, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { commands } from './commands/index.ts'
import {
  type Command,
  type CommandEntry,
  type CommandGroup,
  type Context,
  Interrupted,
  type OptionSpec,
  type Options,
} from './commands/session/command.ts'

type Run = (options: Options, args: readonly string[], command: Command) => Promise<void>

/** Exit codes that are the same for every command; a command's own are in its description. */
const [failed, interrupted] = [1, 130]

/** Runs the command that the words name. Never rejects: this is where every error ends. */
export async function main(words: readonly string[], context: Context): Promise<number> {
  let code = 0
  const program = new Commander('vaultwright')
    .description('Vault access as code for GitLab: plan, review and apply who may read which secret.')
    .version(manifest.version)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(elsewhere(text) ?? text),
    })
    .showHelpAfterError('See --help.')
    // What follows a command is the command's: "exec -- ls --all".
    .enablePositionalOptions()
    .exitOverride()
  refuseOneDash(program)
  const run = async (options: Options, args: readonly string[], command: Command) => {
    code = await command.run(context, options, args)
  }
  for (const entry of commands) await addEntry(program, entry, words, run)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    return explain(error, words, context)
  }
}

async function addEntry(
  program: Commander,
  entry: CommandEntry | CommandGroup,
  words: readonly string[],
  run: Run,
): Promise<void> {
  if (!('commands' in entry)) return add(program, entry, words, run)
  const group = program.command(entry.name).summary(entry.summary).description(entry.summary)
  refuseOneDash(group)
  // A word can name a command by itself and one of a group, like "plan" and "migrate plan".
  const called = words.includes(entry.name) ? words : []
  for (const command of entry.commands) await add(group, command, called, run)
}

/** Only the command that is called is loaded with its options; of the others, `--help` shows a line. */
async function add(
  program: Commander,
  { name, summary, load }: CommandEntry,
  words: readonly string[],
  run: Run,
): Promise<void> {
  const entry = program.command(name).summary(summary)
  if (!words.includes(name)) return
  const command = await load()
  entry.description([summary, command.description].filter(Boolean).join('\n\n'))
  for (const { name, description } of command.arguments ?? []) entry.argument(name, description)
  for (const spec of command.options) entry.addOption(option(spec))
  refuseOneDash(entry)
  entry.action((...values: unknown[]) => {
    const given = values.slice(0, command.arguments?.length ?? 0).flat()
    const args = given.filter((value) => value !== undefined) as string[]
    return run(entry.opts(), args, command)
  })
}

/**
 * Terraform writes `-out=x`. The usual rules make short options of such a word, and `-out=x` writes a file called "ut=x";
 * so it is an error where the same word with two dashes is an option of the command. Its value may be a token, and is
 * not repeated.
 */
function refuseOneDash(command: Commander): void {
  const parse = command.parseOptions.bind(command)
  command.parseOptions = (words) => {
    const end = words.indexOf('--')
    const known = new Set(['--help', ...command.options.map(({ long }) => long)])
    const names = words.slice(0, end === -1 ? words.length : end).map((word) => word.replace(/=.*$/s, ''))
    const wrong = names.find((name) => /^-[^-]/.test(name) && known.has(`-${name}`))
    if (wrong !== undefined) command.error(`error: unknown option '${wrong}'\n(Did you mean -${wrong}?)`)
    return parse(words)
  }
}

/** Commands of terraform and vault that people try first, and what does that here. */
const namesElsewhere: Readonly<Record<string, string>> = {
  validate: '"vaultwright check" finds mistakes in the files.',
  fmt: 'Nothing formats the files; "vaultwright check --fix" mends mistakes in them.',
  lint: '"vaultwright check" finds mistakes in the files.',
  show: '"vaultwright plan" shows changes, "vaultwright access matrix" who may do what, "vaultwright snapshot" saves what a server has.',
  init: 'Nothing is to be prepared: write environments/, roles/ and policies/ as README.md shows, or have them written by "vaultwright import".',
  destroy:
    'Nothing destroys everything at once: remove objects from the files, write "unmanaged: delete" into the environment, and plan.',
  refresh: 'There is no state to refresh: "vaultwright plan" and "vaultwright drift" always read the server.',
  state: 'There is no state: "vaultwright plan" and "vaultwright drift" always read the server.',
  diff: '"vaultwright plan" compares files with the server, "vaultwright access diff" who may do what.',
  read: '"vaultwright exec" reads secrets for a command.',
}

/** Instead of commander's words for a command that there is not, what to use here. */
function elsewhere(text: string): string | undefined {
  const [message, name = ''] = /^error: unknown command '(\w+)'/.exec(text) ?? []
  return Object.hasOwn(namesElsewhere, name) ? `${message}\n${namesElsewhere[name]}\n` : undefined
}

function option({ flags, description, choices, default: initial, repeatable }: OptionSpec): Option {
  const result = new Option(flags, description)
  if (choices !== undefined) result.choices([...choices])
  if (initial !== undefined) result.default(initial)
  if (repeatable)
    result.argParser((value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value])
  return result
}

async function explain(error: unknown, words: readonly string[], context: Context): Promise<number> {
  // commander has printed its own message already; a plain --help ends here, too.
  if (isCommanderError(error)) return error.exitCode === 0 ? 0 : failed
  if (error instanceof Interrupted || context.signal.aborted) {
    context.stderr.write('Stopped. Nothing was written.\n')
    return interrupted
  }
  const { explainError } = await import('./commands/session/explain.ts')
  context.stderr.write(explainError(error, { words, context }))
  return failed
}

function isCommanderError(error: unknown): error is { readonly exitCode: number } {
  return error instanceof Error && error.name === 'CommanderError'
}

/** The first Ctrl-C asks to stop; a second one does not ask. A command may take the signals over. */
function stopSignals(): Required<Pick<Context, 'signal' | 'takeSignals'>> {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(interrupted)
    controller.abort()
  }
  const asking = ['SIGINT', 'SIGTERM'] as const
  for (const name of asking) process.on(name, stop)
  return {
    signal: controller.signal,
    takeSignals(names, handler) {
      for (const name of names) process.on(name, handler)
      for (const name of asking) process.off(name, stop)
      return () => {
        for (const name of asking) process.on(name, stop)
        for (const name of names) process.off(name, handler)
      }
    },
  }
}

/** Started as a program, perhaps through the link that npm makes; a test imports `main` instead. */
const started = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)

/**
 * Whoever reads our output may stop reading (`| head`), and a disk may be full: neither must end an apply halfway. What
 * could not be said for want of room makes the run a failed one.
 */
function outlive(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  outputLost = true
  process.exitCode = failed
}

let outputLost = false

/**
 * With NODE_DEBUG, Node prints what it receives and what it hands to commands; its diagnostic reports hold the whole
 * environment. Both would show tokens and secrets, so this program does not let Node do either, whoever asks for it.
 */
function keepNodeQuiet({ report }: NodeJS.Process): void {
  if (process.env['NODE_DEBUG'])
    Object.defineProperty(process, 'stderr', { value: new Writable({ write: (_chunk, _encoding, done) => done() }) })
  if (report === undefined) return
  report.reportOnFatalError = false
  report.reportOnSignal = false
  report.reportOnUncaughtException = false
}

if (started) {
  const { env, stdin, stdout, stderr } = process
  keepNodeQuiet(process)
  for (const output of [stdout, stderr]) output.on('error', outlive)
  const context: Context = { env, cwd: process.cwd(), stdin, stdout, stderr, ...stopSignals() }
  const code = await main(process.argv.slice(2), context)
  process.exitCode = outputLost ? failed : code
}
