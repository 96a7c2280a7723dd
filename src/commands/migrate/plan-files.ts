import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gitlabYaml } from '../../config/gitlab-document.ts'
import type { Configuration } from '../../core/configuration.ts'
import { jobRoles } from '../../gitlab/job-role.ts'
import { jobFiles } from '../../gitlab/jobs/files.ts'
import { proposalLine, proposedFiles, type Surroundings } from '../../gitlab/migrate/configuration.ts'
import type { Proposal } from '../../gitlab/migrate/propose.ts'
import { placeFor, writeGenerated } from '../gitlab/generated-files.ts'
import type { Context } from '../session/command.ts'
import { writePublic } from '../session/output-file.ts'

/** Gives the paths of files that were left alone, because they are somebody's own. */
export async function writeConfiguration(
  context: Context,
  folder: string,
  proposal: Proposal,
  around: Surroundings,
): Promise<readonly string[]> {
  const kept: string[] = []
  for (const [path, document] of proposedFiles(proposal, around)) {
    const file = `${folder}/${path}`
    const wanted = gitlabYaml(document)
    const there = await content(context, file)
    if (there !== undefined && there !== wanted && !isOurs(there)) kept.push(file)
    else await writePublic(context, file, wanted)
  }
  return kept
}

/** These two are written anew each time: the checklist, and not they, is what people fill in. */
export async function writeOwn(context: Context, file: string, text: string): Promise<void> {
  await writePublic(context, file, text)
}

/** The templates as "gitlab jobs" writes them. */
export async function writeJobs(
  context: Context,
  folder: string,
  { environments, settings }: Configuration,
  { edition }: Surroundings,
): Promise<void> {
  const shown = `${folder}/${settings.gitlab.jobs?.file ?? 'gitlab/vault-jobs.yml'}`
  const place = placeFor(resolve(context.cwd, folder), resolve(context.cwd, shown), shown, 'settings')
  const via = settings.gitlab.jobs?.via ?? ((settings.gitlab.edition ?? edition) === 'free' ? 'script' : 'secrets')
  const roles = jobRoles(environments).filter(({ secrets }) => Object.keys(secrets).length > 0)
  const command = 'vaultwright gitlab jobs'
  const adapt = settings.gitlab.jobs?.adapt ?? []
  const { main, parts } = jobFiles(roles, { via, command, wanted: () => true, adapt, parts: place.parts })
  const texts = new Map([...parts].map(([name, document]) => [name, gitlabYaml(document)]))
  await writeGenerated(context, { place, main: gitlabYaml(main), parts: texts })
}

function isOurs(text: string): boolean {
  return text.startsWith(`# ${proposalLine}`)
}

async function content({ cwd }: Context, file: string): Promise<string | undefined> {
  try {
    return await readFile(resolve(cwd, file), 'utf8')
  } catch {
    return undefined
  }
}
