import { matrixOf } from '../../access/why/matrix.ts'
import { matrixRenderers } from '../../render/access/matrix.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { connectedOptions, formatOption, text } from '../session/options.ts'
import { pageOptions } from './page.ts'

export const matrix: Command = {
  description:
    'One entry a role: whom it admits and from where, which paths its tokens reach with which capabilities, and how long they live. Of the files, or with --live of the server.',
  options: [
    ...connectedOptions,
    { flags: '--live', description: 'what the server has, roles and policies that no file describes included' },
    {
      flags: '--server <product@version>',
      description: 'whose rules hold, such as openbao@2.6.1; by default what the environment says',
    },
    formatOption(...Object.keys(matrixRenderers)),
  ],
  async run(context, options) {
    const models = await modelsOf(context, options)
    const environments = [...models].map(([name, model]) => matrixOf(name, model))
    const render = await matrixRenderers[text(options, 'format') ?? 'text']?.()
    context.stdout.write(render?.(environments, pageOptions(context, options)) ?? '')
    return 0
  },
}

async function modelsOf(context: Context, options: Options) {
  if (options['live'] === true) return (await (await import('./sides.ts')).openSide(context, options, 'live')).models
  const { openAccess } = await import('./environments.ts')
  return new Map((await openAccess(context, options)).environments.map(({ name, model }) => [name, model] as const))
}
