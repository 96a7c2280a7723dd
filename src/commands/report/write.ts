import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { EnvironmentBindings } from '../../access/why/bindings.ts'
import { gitlabYaml } from '../../config/gitlab-document.ts'
import { jobRoles } from '../../gitlab/job-role.ts'
import { execCommand } from '../../gitlab/jobs/exec-command.ts'
import { jobFiles } from '../../gitlab/jobs/files.ts'
import { steps, stepWords } from '../../gitlab/migrate/checklist.ts'
import { dynamicHints } from '../../gitlab/migrate/dynamic.ts'
import { bindingsCsv } from '../../render/bindings/csv.ts'
import { bindingsMarkdown } from '../../render/bindings/markdown.ts'
import { cutoverPage } from '../../render/report/cutover.ts'
import { type DynamicAdvice, madeBy, pages, type ReportFacts } from '../../render/report/facts.ts'
import { failuresPage } from '../../render/report/failures.ts'
import { indexPage } from '../../render/report/index-page.ts'
import { vaultPage, vaultScript } from '../../render/report/vault.ts'
import { bindingsIn } from '../gitlab/bindings-of.ts'
import { chosenRoles, refuseRoles } from '../gitlab/chosen-roles.ts'
import { placeFor, writeGenerated } from '../gitlab/generated-files.ts'
import { viaOf } from '../gitlab/jobs.ts'
import type { Context, Options } from '../session/command.ts'
import { text, usage } from '../session/options.ts'
import { writePublic } from '../session/output-file.ts'
import { openWorkspace, type Workspace } from '../session/workspace.ts'
import { vaultSideOf } from './vault-side.ts'

export async function writeReport(context: Context, options: Options): Promise<number> {
  const out = text(options, 'out')
  if (out === undefined) throw usage('where is the report to go?', 'Name a folder with --out.')
  const workspace = await openWorkspace(context, options)
  const facts = await factsOf(options, workspace)
  const jobs = await writeJobs(context, options, workspace, out)
  const files: readonly (readonly [string, string])[] = [
    [pages.index, indexPage(facts)],
    [pages.vault, vaultPage(facts)],
    ...facts.vault.map((side) => [pages.script(side.environment), vaultScript(side)] as const),
    [pages.bindings, `<!-- ${madeBy} -->\n# (c) Bindings\n\n${bindingsMarkdown(facts.bindings)}`],
    [pages.bindingsCsv, bindingsCsv(facts.bindings)],
    [pages.cutover, cutoverPage(facts)],
    [pages.failures, failuresPage(facts)],
  ]
  for (const [name, content] of files) await writePublic(context, join(out, name), content)
  const removed = await removeFormer(resolve(context.cwd, out), new Set(files.map(([name]) => name)))
  const lines = [
    ...jobs,
    ...files.map(([name]) => `wrote ${join(out, name)}`),
    ...removed.map((name) => `removed ${join(out, name)}`),
  ]
  context.stderr.write(lines.map((line) => `${line}\n`).join(''))
  return 0
}

/** Scripts of environments that are not in this report: nobody else's file is touched. */
async function removeFormer(folder: string, written: ReadonlySet<string>): Promise<readonly string[]> {
  const removed: string[] = []
  for (const name of await readdir(folder)) {
    if (written.has(name) || !/^a-vault-.*\.sh$/.test(name)) continue
    if (!(await readFile(join(folder, name), 'utf8')).includes(madeBy)) continue
    await rm(join(folder, name))
    removed.push(name)
  }
  return removed
}

async function factsOf(options: Options, workspace: Workspace): Promise<ReportFacts> {
  const via = viaOf(options, workspace)
  const bindings = bindingsIn(workspace, via)
  return {
    bindings,
    vault: await Promise.all(workspace.environments.map((environment) => vaultSideOf(environment, workspace.kinds))),
    via,
    ...(via === 'exec' ? { inShell: execCommand.replace('<command>', 'sh -c') } : {}),
    steps: steps.map((step) => [step, stepWords[step]] as const),
    dynamic: new Map(bindings.map((environment) => [environment.environment, adviceOf(environment)])),
  }
}

/** For secrets that somebody keeps; one that an engine makes already needs no advice. */
function adviceOf({ bindings }: EnvironmentBindings): readonly DynamicAdvice[] {
  const kept = bindings.flatMap(({ secrets }) =>
    Object.entries(secrets).flatMap(([key, { engine }]) => (engine === 'generic' ? [] : [key])),
  )
  return dynamicHints([...new Set(kept)].map((key) => ({ key, class: 'secret' as const, signs: [] })))
}

/** The same templates as `gitlab jobs` writes, in the report's own folder. */
async function writeJobs(context: Context, options: Options, workspace: Workspace, out: string) {
  const { directory, settings, environments } = workspace.configuration
  const all = jobRoles(environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
  const [via, adapt] = [viaOf(options, workspace), settings.gitlab.jobs?.adapt ?? []]
  const wanted = chosenRoles(options, workspace, all)
  refuseRoles(all, all.filter(wanted), via, adapt)
  const place = placeFor(directory, resolve(context.cwd, out, pages.jobs), join(out, pages.jobs), 'option')
  const command = 'vaultwright report'
  const { main, parts } = jobFiles(all, { via, command, wanted, adapt, parts: place.parts })
  const texts = new Map([...parts].map(([name, document]) => [name, gitlabYaml(document)]))
  return await writeGenerated(context, { place, main: gitlabYaml(main), parts: texts })
}
