import manifest from '../../package.json' with { type: 'json' }
import type { Fixed } from '../config/fix.ts'
import type { Configuration } from '../core/configuration.ts'
import type { Severity } from '../core/diagnostic.ts'
import { kinds } from '../kinds/index.ts'
import { rules } from '../lint/index.ts'
import { checkFormats } from '../render/check/index.ts'
import type { CheckReport } from '../render/check/report.ts'
import { type AllowedProblem, diagnosticsJson, renderDiagnostics } from '../render/diagnostics.ts'
import { countOf } from '../render/words.ts'
import { connectionSettings } from '../vault/settings.ts'
import type { Command, Context, Options } from './session/command.ts'
import { type Examination, examine } from './session/examination.ts'
import { describeFixes, fixFiles } from './session/fixing.ts'
import { colorOption, directoryOption, formatOption, text, useColor } from './session/options.ts'
import { writePublic } from './session/output-file.ts'
import { prefixOf, readConfiguration } from './session/workspace.ts'

export const check: Command = {
  description: [
    'Looks for what is wrong in the files, and by the rules of docs/lint.md for what is allowed and still a mistake.',
    'Exit code 0: no errors; with --strict, no warnings either. 1: problems.',
  ].join('\n'),
  options: [
    directoryOption,
    colorOption,
    formatOption('text', 'json', ...Object.keys(checkFormats)),
    { flags: '-o, --out <file>', description: 'write the report in that format here, and text for people to stdout' },
    { flags: '--strict', description: 'fail for warnings, too' },
    { flags: '--fix', description: 'mend in the files what can be mended safely, then check again' },
  ],
  async run(context, options) {
    const checked = await read(context, options)
    const { configuration, examination } = options['fix'] === true ? await fix(checked, context, options) : checked
    const fails = (severity: Severity) => severity === 'error' || (severity === 'warning' && options['strict'] === true)
    await report({ configuration, examination }, fails, context, options)
    return examination.diagnostics.some(({ severity }) => fails(severity)) ? 1 : 0
  },
}

interface Checked {
  readonly configuration: Configuration
  readonly examination: Examination
}

async function read(context: Context, options: Options): Promise<Checked> {
  const configuration = await readConfiguration(context, options)
  return { configuration, examination: examine(configuration, kinds) }
}

/** A fix may make room for another one at the same place; more rounds than this would be a fix that fixes nothing. */
const mostRounds = 5

async function fix(first: Checked, context: Context, options: Options): Promise<Checked> {
  const loading = { kinds, env: context.env, server: connectionSettings(context.env).settings }
  const done: Fixed['done'][number][] = []
  let checked = first
  let left: Fixed['left'] = []
  for (let round = 0; round < mostRounds; round++) {
    const fixed = await fixFiles(checked.configuration, checked.examination.findings, loading)
    done.push(...fixed.done)
    left = fixed.left
    if (fixed.done.length === 0) break
    checked = await read(context, options)
  }
  const output = text(options, 'format') === 'text' ? context.stdout : context.stderr
  output.write(describeFixes(done, left))
  return checked
}

async function report(
  checked: Checked,
  fails: CheckReport['fails'],
  context: Context,
  options: Options,
): Promise<void> {
  const out = text(options, 'out')
  const document = await rendered(checked, fails, context, options)
  if (out === undefined) context.stdout.write(document)
  else {
    context.stdout.write(
      renderedText(checked.configuration, checked.examination, useColor(context, options, context.stdout)),
    )
    await writePublic(context, out, document)
  }
}

async function rendered(
  { configuration, examination }: Checked,
  fails: CheckReport['fails'],
  context: Context,
  options: Options,
): Promise<string> {
  const { diagnostics, allowed } = examination
  const format = text(options, 'format') ?? 'text'
  if (format === 'json') return diagnosticsJson(diagnostics, allowed)
  const load = checkFormats[format]
  if (load === undefined) return renderedText(configuration, examination, useColor(context, options, context.stdout))
  const render = await load()
  return render({
    diagnostics,
    allowed,
    rules,
    files: [...configuration.texts.keys()],
    prefix: prefixOf(configuration, context),
    version: manifest.version,
    fails,
  })
}

function renderedText({ environments }: Configuration, { diagnostics, allowed }: Examination, color: boolean): string {
  const nothing = environments.map(({ name, desired }) => `${name}: ${desired.length} objects, no problems\n`).join('')
  const found = diagnostics.length === 0 ? nothing : renderDiagnostics(diagnostics, { color })
  return `${found}${allowedLine(allowed)}`
}

/** "3 findings are allowed until 2027-03-01"; what is allowed is not hidden. */
function allowedLine(allowed: readonly AllowedProblem[]): string {
  if (allowed.length === 0) return ''
  const days = [...new Set(allowed.map(({ until }) => until))].sort()
  const count = `${countOf(allowed.length, 'finding')} ${allowed.length === 1 ? 'is' : 'are'} allowed`
  return days.length === 1
    ? `${count} until ${days[0]}\n`
    : `${count}, the first until ${days[0]}, the last until ${days.at(-1)}\n`
}
