import { compareDiagnostics, type Diagnostic } from '../core/diagnostic.ts'
import { byText } from '../core/json.ts'
import { type Suggestion, suggestion } from './suggest.ts'
import { locationOf, type Place, sourceOf, withoutUserInfo } from './text.ts'

/** For which of the environments a text is being read; it is named in a message only where it makes a difference. */
export interface Use {
  readonly environment: string
  /** How many environments the same text is read for. */
  readonly among: number
}

export interface Details {
  readonly help?: string | Suggestion | undefined
  readonly related?: readonly { readonly message: string; readonly place: Place }[]
  readonly use?: Use | undefined
  /** Whatever else seems wrong at this place follows from it. */
  readonly final?: boolean
}

/** Collects what is wrong, each mistake once, however many environments and roles it reaches. */
export interface Problems {
  error(code: string, message: string, place: Place, details?: Details): void
  warning(code: string, message: string, place: Place, details?: Details): void
  /** A problem of a file that could not be read as text. */
  unreadable(code: string, message: string, file: string, help?: string, line?: number): void
  /** From here on problems of these codes would only be consequences of others. */
  mute(...codes: readonly string[]): void
  /** From here on this value of the run's environment must not appear in any message. */
  conceal(name: string, value: string): void
  /** All of them, sorted by file, line and column. */
  list(): Diagnostic[]
}

interface Entry {
  readonly diagnostic: Omit<Diagnostic, 'message'>
  readonly message: string
  readonly place?: Place
  readonly related: NonNullable<Details['related']>
  readonly uses: Set<string>
  readonly among: number
}

/** Nobody reads more of them, and each holds a part of a file. */
const mostProblems = 1_000
/** Comparing each of many unknown names with each of many known ones takes minutes; the first ones tell enough. */
const mostSuggestions = 50

export function collectProblems(): Problems {
  const entries = new Map<string, Entry>()
  const concealed = new Map<string, string>()
  const settled = new Set<string>()
  const muted = new Set<string>()
  const omitted = new Map<string, Diagnostic['severity']>()
  let suggestions = 0
  const helpOf = ({ help }: Details): { help?: string } => {
    if (help === undefined) return {}
    if (typeof help === 'string') return { help }
    return { help: suggestions++ < mostSuggestions ? suggestion(help) : help.rest }
  }
  const keep = (key: string, severity: Diagnostic['severity'], make: () => Entry): Entry | undefined => {
    const entry = entries.get(key) ?? (entries.size < mostProblems ? make() : undefined)
    if (entry === undefined) omitted.set(key, severity)
    else entries.set(key, entry)
    return entry
  }
  const add =
    (severity: Diagnostic['severity']) =>
    (code: string, message: string, place: Place, details: Details = {}) => {
      const where = `${place.file.path}\0${place.start}`
      if (settled.has(where) || muted.has(code)) return
      if (details.final) settled.add(where)
      const entry = keep(`${where}\0${code}\0${message}`, severity, () => ({
        diagnostic: { code, severity, ...helpOf(details) },
        message,
        place,
        related: details.related ?? [],
        uses: new Set<string>(),
        among: details.use?.among ?? 0,
      }))
      if (details.use !== undefined) entry?.uses.add(details.use.environment)
    }
  return {
    error: add('error'),
    warning: add('warning'),
    unreadable(code, message, file, help, line = 1) {
      const source = { file, line, column: 1 }
      const diagnostic = { code, severity: 'error', source, ...(help === undefined ? {} : { help }) } as const
      const entry = { diagnostic, message, related: [], uses: new Set<string>(), among: 0 }
      keep(`${code}\0${file}\0${message}`, 'error', () => entry)
    },
    mute: (...codes) => {
      for (const code of codes) muted.add(code)
    },
    conceal: (name, value) => {
      if (value !== '') concealed.set(value, name)
    },
    list: () => {
      const kept = [...entries.values()].map((entry) => finish(entry, concealed)).sort(compareDiagnostics)
      return omitted.size === 0 ? kept : [...kept, countOf([...omitted.values()])]
    },
  }
}

function countOf(omitted: readonly Diagnostic['severity'][]): Diagnostic {
  return {
    code: 'too-many-problems',
    severity: omitted.includes('error') ? 'error' : 'warning',
    message: `${omitted.length} more problems are not shown`,
    help: 'Correct the first ones; many of the others may follow from them.',
  }
}

function finish(entry: Entry, concealed: ReadonlyMap<string, string>): Diagnostic {
  const { diagnostic, place, uses, among } = entry
  const environments = uses.size > 0 && uses.size < among ? ` (in ${[...uses].sort(byText).join(', ')})` : ''
  const clean = (text: string) => withoutUserInfo(withoutValues(text, concealed))
  const related = entry.related.map((other) => ({ message: clean(other.message), source: sourceOf(other.place) }))
  return {
    ...diagnostic,
    message: clean(entry.message + environments),
    ...(place === undefined ? {} : locationOf(place)),
    ...(diagnostic.help === undefined ? {} : { help: clean(diagnostic.help) }),
    ...(related.length > 0 ? { related } : {}),
  }
}

/**
 * Values of `${env:NAME}` give way to their references. A very short one is replaced only inside quotes, where messages
 * keep what they repeat from the input; anywhere else it would tear words apart.
 */
function withoutValues(text: string, concealed: ReadonlyMap<string, string>): string {
  let clean = text
  for (const [value, name] of [...concealed].sort(([a], [b]) => b.length - a.length)) {
    if (!clean.includes(value)) continue
    const reference = `\${env:${name}}`
    if (value.length > 3) clean = clean.replaceAll(value, reference)
    else clean = clean.replace(/"[^"]*"/g, (part) => (part.includes(value) ? `"${reference}"` : part))
  }
  return clean
}
