import type { AccessModel } from '../../access/model.ts'
import { difference } from '../../access/proof/difference.ts'
import { byText } from '../../core/json.ts'
import { assumedServer } from '../../core/version.ts'
import { type AccessComparison, comparisonRenderers } from '../../render/access/diff.ts'
import type { Command, Context, Options } from '../session/command.ts'
import { connectedOptions, formatOption, list, text, usage, useColor } from '../session/options.ts'
import { openSide, type Side } from './sides.ts'

export const diff: Command = {
  description: [
    'A and B are each a folder, a commit, branch or tag of this repository, or "live" for what the server has. Without B,',
    'A is compared with the files as they are.',
    '',
    'Exit code 0: compared. 1: an error. With --exit-code, 2: something gains or loses access, or could not be decided.',
  ].join('\n'),
  arguments: [
    { name: '<a>', description: 'before' },
    { name: '[b]', description: 'after; the files as they are, when left out' },
  ],
  options: [
    ...connectedOptions,
    formatOption('text', 'markdown', 'json'),
    { flags: '--exit-code', description: 'exit with 2 where the sides differ' },
  ],
  async run(context, options, args) {
    const [before, after] = await openSides(context, options, args)
    const comparison = compare(before, after, environmentsOf(options, before, after))
    const format = (text(options, 'format') ?? 'text') as keyof typeof comparisonRenderers
    context.stdout.write(comparisonRenderers[format](comparison, { color: useColor(context, options, context.stdout) }))
    const differs = comparison.environments.some(({ report }) => report.effects.length + report.beyond.length > 0)
    return differs && options['exitCode'] === true ? 2 : 0
  },
}

async function openSides(context: Context, options: Options, args: readonly string[]): Promise<[Side, Side]> {
  const [a = '', b = text(options, 'directory') ?? '.'] = args
  if (a === 'live' && b === 'live') throw usage('live is compared with live: name something else on one side')
  return [await openSide(context, options, a), await openSide(context, options, b)]
}

/** An environment that only one side has still counts: it is what somebody gains or loses as a whole. */
function environmentsOf(options: Options, before: Side, after: Side): readonly string[] {
  const known = [...new Set([...before.models.keys(), ...after.models.keys()])].sort(byText)
  const asked = list(options, 'environment')
  const unknown = asked.filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw usage(`neither side has the environment ${unknown.join(', ')}`, `There are: ${known.join(', ')}.`)
  // What is live is asked for by the files' environments: one that is missing there was not looked at.
  const live = [before, after].find(({ name }) => name === 'live')
  return (asked.length === 0 ? known : asked).filter((name) => live === undefined || live.models.has(name))
}

function compare(before: Side, after: Side, environments: readonly string[]): AccessComparison {
  return {
    before: before.name,
    after: after.name,
    environments: environments.map((environment) => {
      const [old, now] = [before.models.get(environment), after.models.get(environment)]
      const only = old === undefined ? 'after' : now === undefined ? 'before' : undefined
      // One server's rules for both sides: the one that is there, else the one that the newer files expect.
      const { server, namespace } = (before.name === 'live' ? old : (now ?? old)) ?? empty
      const report = difference({ ...(old ?? empty), server, namespace }, { ...(now ?? empty), server, namespace })
      return { environment, ...(only === undefined ? {} : { only }), report }
    }),
  }
}

const empty: AccessModel = { server: assumedServer, namespace: '', mounts: new Map(), policies: new Map() }
