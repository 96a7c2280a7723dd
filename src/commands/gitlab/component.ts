import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gitlabYaml } from '../../config/gitlab-document.ts'
import { components } from '../../gitlab/pipeline/component.ts'
import { withComponentSection } from '../../gitlab/pipeline/component-readme.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { colorOption, text, usage, useColor } from '../session/options.ts'
import { writePublic } from '../session/output-file.ts'
import { type StaleFile, showStale } from './generated-files.ts'
import { usualImage, usualInstallation } from './pipeline.ts'

export const component: Command = {
  description: [
    'The jobs of "gitlab pipeline" as components for the CI/CD catalog: templates/*.yml, and a section of README.md.',
    'Exit code 0: written, or with --check, up to date. 1: problems, or with --check, stale.',
  ].join('\n'),
  options: [
    colorOption,
    { flags: '-o, --out <folder>', description: "the component project's folder" },
    { flags: '--check', description: 'write nothing; fail with a diff when a file is not as it would be written' },
  ],
  run: runComponent,
}

async function runComponent(context: Context, options: Options): Promise<number> {
  const folder = text(options, 'out')
  if (folder === undefined) throw usage('where to? --out <folder>', 'Name the folder of the component project.')
  const stale = await staleComponents(resolve(context.cwd, folder), folder)
  const command = `vaultwright gitlab component --out ${folder}`
  if (options['check'] === true && stale.length > 0) {
    context.stdout.write(showStale(stale, useColor(context, options, context.stdout)))
    context.stderr.write(`The components are not as they would be written. To write them anew: ${command}\n`)
    return 1
  }
  for (const { file, path, wanted = '' } of stale) {
    await writePublic(context, file, wanted)
    context.stderr.write(`wrote ${path}\n`)
  }
  if (stale.length === 0) context.stderr.write(`The components in ${folder} are up to date.\n`)
  return 0
}

async function staleComponents(directory: string, shown: string): Promise<readonly StaleFile[]> {
  const all = components({
    command: 'vaultwright gitlab component --out .',
    image: usualImage,
    beforeScript: usualInstallation,
  })
  const file = async (name: string, wanted: (is: string | undefined) => string): Promise<StaleFile> => {
    const path = join(directory, name)
    const is = await readFile(path, 'utf8').catch(() => undefined)
    return { file: path, path: join(shown, name), is, wanted: wanted(is) }
  }
  const files = await Promise.all([
    file('README.md', (is) => withComponentSection(is, all)),
    ...all.map(({ name, document }) => file(`templates/${name}.yml`, () => gitlabYaml(document))),
  ])
  return files.filter(({ is, wanted }) => is !== wanted)
}
