import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context, OptionSpec, Options, Output } from './command.ts'

/** Options that several commands share, and what their values mean. */
export const directoryOption: OptionSpec = {
  flags: '-C, --directory <path>',
  description: 'folder of the configuration',
  default: '.',
}

export const environmentOption: OptionSpec = {
  flags: '-e, --environment <name>',
  description: 'only this environment; may be given several times',
  repeatable: true,
}

const shardOption: OptionSpec = {
  flags: '--shard <i/n>',
  description: 'only the i-th of n parts of the environments, for parallel CI jobs',
}

export const parallelismOption: OptionSpec = {
  flags: '--parallelism <n>',
  description: 'requests under way at once',
  default: '32',
}

export const colorOption: OptionSpec = { flags: '--no-color', description: 'plain text, also on a terminal' }

export const verboseOption: OptionSpec = { flags: '-v, --verbose', description: 'say more on stderr' }

export function formatOption(...formats: readonly string[]): OptionSpec {
  return {
    flags: '--format <format>',
    description: 'form of the output',
    choices: formats,
    default: 'text',
  }
}

export const allowOption: OptionSpec = {
  flags: '--allow <name>',
  description:
    'do what is refused otherwise, by the name that its message gives, such as delete:auth-mount/jwt; also VAULTWRIGHT_ALLOW, with spaces between',
  repeatable: true,
}

export const rewriteOption: OptionSpec = {
  flags: '--rewrite <address>',
  description: 'write this object even if nothing readable differs, to send a new write-only value',
  repeatable: true,
}

export const reportOption: OptionSpec = {
  flags: '--report <format=file>',
  description: 'write this format into a file as well; may be given several times',
  repeatable: true,
}

export const connectedOptions = [
  directoryOption,
  environmentOption,
  shardOption,
  parallelismOption,
  colorOption,
  verboseOption,
] as const

export function text(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export function list(options: Options, name: string): readonly string[] {
  const value = options[name]
  return Array.isArray(value) ? (value as string[]) : []
}

export function parallelism(options: Options): number {
  const value = Number(text(options, 'parallelism') ?? '32')
  if (Number.isInteger(value) && value >= 1 && value <= 1024) return value
  throw usage('--parallelism takes a whole number from 1 to 1024')
}

/** Zero-based part and number of parts; undefined when there is but one. */
export function shard(options: Options): { readonly index: number; readonly count: number } | undefined {
  const value = text(options, 'shard')
  if (value === undefined) return undefined
  const [, part, count] = /^(\d+)\/(\d+)$/.exec(value) ?? []
  const [index, total] = [Number(part) - 1, Number(count)]
  if (index >= 0 && index < total) return { index, count: total }
  throw usage(`--shard takes a part such as 1/4, from 1/n to n/n, not ${JSON.stringify(value)}`)
}

/** Colour for people: on a terminal, unless NO_COLOR, TERM=dumb or --no-color say otherwise; FORCE_COLOR in CI logs. */
export function useColor(context: Context, options: Options, output: Output): boolean {
  if (options['color'] === false || context.env['NO_COLOR']) return false
  if (context.env['FORCE_COLOR'] && context.env['FORCE_COLOR'] !== '0') return true
  return output.isTTY === true && context.env['TERM'] !== 'dumb'
}

/** Whether ✓ and ✗ can be shown: a locale that is set and names no UTF-8 is of a terminal that has none. */
export function useUnicode({ env }: Context): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return locale === '' || /utf-?8/i.test(locale)
}

export function usage(message: string, help = 'See --help.'): UserError {
  return new UserError([problem('usage', message, help)])
}
