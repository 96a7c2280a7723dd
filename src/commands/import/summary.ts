import picocolors from 'picocolors'
import type { Configuration } from '../../core/configuration.ts'
import type { Diagnostic, Severity } from '../../core/diagnostic.ts'
import { groupBy } from '../../core/group-by.ts'
import { productNames } from '../../core/version.ts'
import type { ImportedFile, Shaped } from '../../import/shape.ts'
import { document } from '../../render/plan/json.ts'
import { padEnd, visible } from '../../render/visible.ts'
import { countOf } from '../../render/words.ts'
import type { AnsweredSource } from './sources.ts'

/** What an import made, or would make. */
export interface Imported {
  readonly shaped: Shaped
  readonly configuration: Configuration
  readonly sources: readonly AnsweredSource[]
  /** As the user named it. */
  readonly folder: string
  readonly written: boolean
  /** Files that were there before and are none of this import's, where it wrote over others; relative to the folder. */
  readonly kept: readonly string[]
  /** What `vaultwright check` says of the files. */
  readonly findings: readonly Diagnostic[]
}

/** Raised when the shape below changes in a way that an older reader would misunderstand. */
const format = 'vaultwright-import/1'

export function importJson(imported: Imported): string {
  const { shaped, sources, folder, written } = imported
  return document({
    format,
    folder,
    written,
    environments: sources.map((source) => ({
      name: source.environment,
      server: { ...source.server },
      objects: countKinds(source, imported),
    })),
    files: shaped.files.map((file) => ({
      path: file.path,
      describes: file.describes.map((object) => ({ ...object })),
    })),
    kept: [...imported.kept],
    variables: variablesOf(shaped),
    left_out: shaped.leftOut.map((object) => ({ ...object })),
    external_policies: shaped.dangling.map(({ environment, name }) => ({ environment, name })),
    notices: notices(imported),
    check: countSeverities(imported.findings),
  })
}

function variablesOf({ secrets }: Shaped): string[] {
  return [...new Set(secrets.map(({ variable }) => variable))].sort()
}

/** Numbers of described objects, by kind. */
function countKinds({ environment }: AnsweredSource, { configuration }: Imported): Record<string, number> {
  const counts: Record<string, number> = {}
  const desired = configuration.environments.find(({ name }) => name === environment)?.desired ?? []
  for (const { kind } of desired) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

function countSeverities(findings: readonly Diagnostic[]): Record<Severity, number> {
  const counts = { error: 0, warning: 0, info: 0 }
  for (const { severity } of findings) counts[severity]++
  return counts
}

interface Said {
  readonly environment: string
  readonly text: string
}

/** What several environments have in common is said once. */
function together(said: readonly Said[]): string[] {
  return [...groupBy(said, ({ text }) => text)].map(
    ([text, of]) => `${of.map(({ environment }) => environment).join(', ')}: ${text}`,
  )
}

/** What a person should know, one sentence each. */
function notices(imported: Imported): string[] {
  const perhaps = imported.shaped.perhaps.map(({ environment, address, fields }) => ({
    environment,
    text: `${address} may have ${fields.join(' or ')}, which the server never gives back; if so, name it as a reference where the file says so.`,
  }))
  const of = (texts: (source: AnsweredSource) => readonly string[]) =>
    imported.sources.flatMap((source) => texts(source).map((text) => ({ environment: source.environment, text })))
  return together([
    ...of((source) => gaps(source, imported)),
    ...of(({ notices }) => notices),
    ...of(unsaid),
    ...perhaps,
  ])
}

/** What is missing so that a person would wonder. */
function gaps(source: AnsweredSource, imported: Imported): string[] {
  const { 'auth-mount': mounts = 0, 'jwt-role': roles = 0 } = countKinds(source, imported)
  const nothing = mounts + roles === 0
  return [
    ...(nothing
      ? [`no mount of type jwt or oidc was found; check --mount, and that this is the right namespace.`]
      : []),
    ...(source.server.address === ''
      ? [`nothing says the address of the server; write "address:" into its environment file, or set VAULT_ADDR.`]
      : []),
  ]
}

/** What the server has and no file says. */
function unsaid({ reading }: AnsweredSource): string[] {
  return reading.objects.flatMap(({ address, unknown, attributes }) => [
    ...(unknown === undefined
      ? []
      : [
          `${address} has fields on the server that this version does not know, and leaves alone: ${unknown.join(', ')}.`,
        ]),
    ...(attributes === undefined
      ? []
      : [`${address} has ${Object.keys(attributes).join(' and ')} on the server, which no file says; writes keep it.`]),
  ])
}

interface TextOptions {
  readonly color: boolean
  readonly verbose: boolean
}

export function importText(imported: Imported, options: TextOptions): string {
  const { shaped, written, folder, findings } = imported
  const sections = [
    environmentLines(imported),
    [...(written ? [] : [dryLine]), ...fileLines(shaped.files, folder, written, options)],
    limited('Left as they were; delete those that this import replaces:', imported.kept, options),
    limited('Left out, and not owned:', leftOutLines(shaped), options),
    limited(
      'Policies that roles name and no file describes, so they are external_policies:',
      externalLines(shaped),
      options,
    ),
    limited('To know:', notices(imported), options),
    limited('To do before an apply, for what the server never gives back:', todo(shaped), options),
    [provedLine, checkLine(findings)],
  ]
  const ink = picocolors.createColors(options.color)
  const paints = new Map([
    [dryLine, ink.bold],
    [provedLine, ink.green],
  ])
  const paint = (line: string) => (paints.get(line) ?? String)(visible(line))
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(paint).join('\n'))
    .join('\n\n')}\n`
}

const dryLine = 'Nothing is written, as --dry-run says. It would be:'
const provedLine = 'Proved: planning these files against what was read changes nothing.'

function leftOutLines({ leftOut }: Shaped): string[] {
  return together(leftOut.map(({ environment, address, reason }) => ({ environment, text: `${address}: ${reason}` })))
}

function externalLines({ dangling }: Shaped): string[] {
  return together(dangling.map(({ environment, name }) => ({ environment, text: name })))
}

function environmentLines(imported: Imported): string[] {
  const rows = imported.sources.map((source) => {
    const { address, namespace, product, version } = source.server
    const counts = countKinds(source, imported)
    const objects = [
      countOf(counts['auth-mount'] ?? 0, 'mount'),
      countOf(counts['jwt-role'] ?? 0, 'role'),
      counts['policy'] === 1 ? '1 policy' : `${counts['policy'] ?? 0} policies`,
    ]
    const place = [address || 'no address', ...(namespace === '' ? [] : [`namespace ${namespace}`])].join(', ')
    return [source.environment, `${place} (${productNames[product]} ${version})`, objects.join(', ')]
  })
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)))
  return rows.map(
    ([name = '', place = '', objects = '']) =>
      `${padEnd(name, widths[0] as number)}  ${padEnd(place, widths[1] as number)}  ${objects}`,
  )
}

/** More lines than this are for those who ask for them. */
const mostLines = 20

function fileLines(
  files: readonly ImportedFile[],
  folder: string,
  written: boolean,
  { verbose }: TextOptions,
): string[] {
  const shown = verbose || !written ? files : files.slice(0, mostLines)
  const width = Math.max(...shown.map(({ path }) => path.length))
  const lines = shown.map((file) => `  ${padEnd(file.path, width)}  ${contents(file)}`.trimEnd())
  const more = files.length - shown.length
  return [
    `${countOf(files.length, 'file')} in ${folder}`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more; -v names them`] : []),
  ]
}

function contents({ path, describes }: ImportedFile): string {
  if (path.startsWith('environments/')) return ''
  const environments = new Set(describes.map(({ environment }) => environment)).size
  const objects = new Set(describes.map(({ address }) => address)).size
  const noun = path.startsWith('roles/') ? countOf(objects, 'role') : objects === 1 ? '1 policy' : `${objects} policies`
  return [...(objects > 1 ? [noun] : []), ...(environments > 1 ? [`${environments} environments`] : [])].join(', ')
}

function limited(title: string, lines: readonly string[], { verbose }: TextOptions): string[] {
  if (lines.length === 0) return []
  const shown = verbose ? lines : lines.slice(0, mostLines)
  const more = lines.length - shown.length
  return [title, ...shown.map((line) => `  ${line}`), ...(more > 0 ? [`  and ${more} more; -v names them`] : [])]
}

function todo(shaped: Shaped): string[] {
  return variablesOf(shaped).map((variable) => {
    const objects = shaped.secrets.filter((secret) => secret.variable === variable)
    const of = [
      ...new Set(
        objects.map(({ environment, object, field }) => `${environment}: ${field.join('.')} of ${object.address}`),
      ),
    ]
    return `set ${variable} (${of.join('; ')})`
  })
}

function checkLine(findings: readonly Diagnostic[]): string {
  const { error, warning, info } = countSeverities(findings)
  if (findings.length === 0) return 'vaultwright check finds nothing wrong with them.'
  const parts = [
    ...(error > 0 ? [countOf(error, 'error')] : []),
    ...(warning > 0 ? [countOf(warning, 'warning')] : []),
    ...(info > 0 ? [countOf(info, 'remark')] : []),
  ]
  const until = error > 0 ? ' What has to stay for now is an exception under "lint" in vaultwright.yaml.' : ''
  return `vaultwright check has something to say about what was on the server already: ${parts.join(', ')}.${until}`
}
