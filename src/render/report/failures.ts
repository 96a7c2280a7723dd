import type { Binding } from '../../access/why/bindings.ts'
import type { Failure } from '../../access/why/failure.ts'
import { failures } from '../../access/why/failure-table.ts'
import { runnerPrefixes, type SaidFailure, saidFailures } from '../../access/why/said-failures.ts'
import { span } from '../markdown-span.ts'
import { madeBy, type ReportFacts } from './facts.ts'

/** Output (e): what goes wrong, with the exact words of it. */
export function failuresPage(facts: ReportFacts): string {
  return [`<!-- ${madeBy} -->`, '# (e) Failure modes', '', ...topLines(facts), ...failureTable(), ''].join('\n')
}

/** The whole table, the same for every configuration. */
export function failureTable(): readonly string[] {
  return [
    '## Every failure',
    '',
    'In the order of a job’s life. `vaultwright access why --error -` reads a job’s log and names the row; with `--role` and',
    '`--token` it says which value is wrong. `<…>` stands for a name. The runner puts before the words of the server:',
    '',
    `- at the login: ${span(runnerPrefixes.login.trim())}`,
    `- at a read: ${span(runnerPrefixes.read.trim())}`,
    '',
    'Look for the end of a line: its beginning differs between versions (before 19.2, network errors and many refusals begin',
    'with `Job failed (system failure):`).',
    '',
    '| What is seen | Said by | Exact text | Cause | Fix | Failure | Source |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...saidFailures.map(rowOf),
  ]
}

function rowOf(said: SaidFailure): string {
  const { symptom, cause, fix, id } = failureOf(said.failure)
  const by = `${said.by}${said.status === undefined ? '' : `, ${said.by === 'server' ? 'HTTP' : 'exit code'} ${said.status}`}`
  const cells = [plain(symptom), by, span(said.text), plain(cause), plain(fix), span(id), plain(said.source)]
  return `| ${cells.join(' | ')} |`
}

/** Our own sentences; what they quote is no markup. */
function plain(text: string): string {
  return text.replace(/[|<>*`\\[\]]/g, (sign) => `&#${sign.codePointAt(0)};`)
}

function failureOf(id: string): Failure {
  const failure = failures.find((candidate) => candidate.id === id)
  if (failure === undefined) throw new Error(`no failure is called ${id}`)
  return failure
}

function textsOf(id: string, by: SaidFailure['by'] = 'server'): readonly string[] {
  return saidFailures.filter((said) => said.failure === id && said.by === by).map(({ text }) => text)
}

/** The ones that everybody meets, with the names of this configuration. */
function topLines({ bindings, via }: ReportFacts): string[] {
  const all = bindings.flatMap((environment) => environment.bindings.filter(({ secrets }) => hasAny(secrets)))
  return [
    ...section('1. The audience differs', textsOf('audience-mismatch'), [
      'The `aud` of the job and `bound_audiences` of the role are compared letter by letter; a slash at the end is enough.',
      '',
      ...unique(all.map(audienceLine)),
    ]),
    ...section(
      '2. A bound claim no longer fits, as after a rename',
      filled(textsOf('claim-mismatch'), 'project_path'),
      [...pathLines(all), '', 'The server names one claim only, and any of those that do not fit.'],
    ),
    ...section(
      '3. The clocks differ',
      [...textsOf('not-yet-valid'), ...textsOf('expired')],
      [
        'The server allows 60 seconds (`clock_skew_leeway`). A token that came too late into a long job looks like the last one.',
      ],
    ),
    ...section(
      '4. The runner is too old for `secrets:`',
      [
        ...textsOf('runner-outdated', 'GitLab'),
        ...textsOf('provider-not-resolved', 'runner'),
        ...textsOf('unknown-engine', 'runner'),
      ],
      [runnerLine(all, via)],
    ),
  ]
}

function runnerLine(all: readonly Binding[], via: ReportFacts['via']): string {
  if (via !== 'secrets')
    return 'Not here: these jobs read by themselves, and need nothing of GitLab but `id_tokens` (15.7).'
  const version = all.some(usesGeneric) ? '16.11, for the engine `generic`' : '13.4'
  return `These secrets need GitLab Runner ${version} or later.`
}

function section(title: string, texts: readonly string[], lines: readonly string[]): string[] {
  return [`## ${title}`, '', ...texts.map((text) => `- ${span(text)}`), '', ...lines, '']
}

function filled(texts: readonly string[], claim: string): readonly string[] {
  return texts.map((text) => text.replace('<claim>', claim))
}

function audienceLine({ row }: Binding): string {
  return `- ${span(`${row.mount}/${row.role}`)} takes ${row.audiences.map(span).join(' or ') || 'none'}.`
}

const named = ['project_path', 'namespace_path', 'job_project_path', 'job_namespace_path', 'ci_config_ref_uri']

function pathLines(all: readonly Binding[]): string[] {
  const bound = all.filter(({ row }) => row.subject !== undefined || named.some((claim) => claim in row.claims))
  if (bound.length === 0)
    return ['No role with secrets binds a path here: all bind IDs, which a rename leaves as they are.']
  const lines = bound.map(({ row }) => {
    const claims = [...named.filter((claim) => claim in row.claims), ...(row.subject === undefined ? [] : ['sub'])]
    return `- ${span(`${row.mount}/${row.role}`)} binds ${claims.map(span).join(' and ')}: a rename or a move locks its jobs out.`
  })
  return unique(lines)
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}

function usesGeneric({ secrets }: Binding): boolean {
  return Object.values(secrets).some(({ engine }) => engine === 'generic')
}

function hasAny(secrets: Binding['secrets']): boolean {
  return Object.keys(secrets).length > 0
}
