import { judge } from '../access/promises/judge.ts'
import type { Environment } from '../core/configuration.ts'
import { fails, type PromiseResult } from '../core/promise.ts'
import { promisesText } from '../render/promises/text.ts'
import { askPromise } from './session/ask-promises.ts'
import type { Command, Context, Options } from './session/command.ts'
import { connectedOptions, formatOption, text, usage, useColor, useUnicode } from './session/options.ts'
import { writePublic } from './session/output-file.ts'
import { interruptible } from './session/planning.ts'
import { type Progress, progress } from './session/progress.ts'
import { judgeFiles, promisesOf, siblingsOf, withUnread } from './session/promises.ts'
import { liveModel } from './session/server-model.ts'
import { openServers, type Servers } from './session/servers.ts'
import { readSigningKey, type Sign } from './session/signing-key.ts'
import { openWorkspace, prefixOf, type Workspace } from './session/workspace.ts'

export const test: Command = {
  description:
    'Promises stand in test/access/*.yaml. Exit code 0: all are kept. 1: one is broken, or could not be decided and does not say that this is allowed.',
  options: [
    ...connectedOptions,
    formatOption('text', 'json', 'junit'),
    { flags: '-o, --out <file>', description: 'write the report in that format here, and text for people to stdout' },
    { flags: '--live', description: 'look at what the server has instead of what the files say' },
    {
      flags: '--signing-key <file>',
      description:
        'with --live: log in for real, with ID tokens signed by this private key (PEM), which the mounts must trust',
    },
  ],
  run: runTest,
}

async function runTest(context: Context, options: Options): Promise<number> {
  const key = text(options, 'signingKey')
  if (key !== undefined && options['live'] !== true)
    throw usage('--signing-key is for --live: without a server there is nowhere to log in', 'Add --live.')
  const sign = key === undefined ? undefined : await readSigningKey(context, key)
  const workspace = await openWorkspace(context, options)
  const { configuration, kinds, environments } = workspace
  const results =
    options['live'] === true
      ? await askServers(context, options, workspace, sign)
      : judgeFiles(configuration, kinds, environments)
  await report(context, options, { results, prefix: prefixOf(configuration, context) })
  return results.some(fails) ? 1 : 0
}

async function askServers(
  context: Context,
  options: Options,
  workspace: Workspace,
  sign: Sign | undefined,
): Promise<PromiseResult[]> {
  const shown = progress(context, options)
  const servers = await openServers(context, options, workspace, shown.tick)
  try {
    const results: PromiseResult[] = []
    for (const environment of workspace.environments)
      results.push(...(await interruptible(context, askServer(environment, { workspace, servers, shown, sign }))))
    return results
  } finally {
    shown.end()
    await servers.close()
  }
}

interface Session {
  readonly workspace: Workspace
  readonly servers: Servers
  readonly shown: Progress
  readonly sign: Sign | undefined
}

/** One promise after the other: logins that run side by side would make the server's log hard to read. */
async function askServer(environment: Environment, session: Session): Promise<PromiseResult[]> {
  const { workspace, servers, shown, sign } = session
  const { configuration, kinds } = workspace
  const promises = promisesOf(configuration, environment)
  if (promises.length === 0) return []
  const connection = servers.connection(environment)
  shown.stage(`${environment.name}: reading ${connection.server.address}`)
  const { model, unread } = await liveModel(siblingsOf(configuration, environment), { kinds, reader: connection })
  const results: PromiseResult[] = []
  for (const promise of promises) {
    const now = Date.now() / 1000
    const result =
      sign === undefined
        ? judge(promise, model, { asked: 'server objects', now })
        : await askPromise(promise, { model, connection, sign, now })
    results.push(withUnread(result, unread))
  }
  return results
}

interface Report {
  readonly results: readonly PromiseResult[]
  /** What the paths of files begin with as seen from the repository's root. */
  readonly prefix: string
}

async function report(context: Context, options: Options, { results, prefix }: Report): Promise<void> {
  const [format, out] = [text(options, 'format') ?? 'text', text(options, 'out')]
  const styles = { color: useColor(context, options, context.stdout), unicode: useUnicode(context) }
  if (format === 'text' || out !== undefined) context.stdout.write(promisesText(results, styles))
  if (format === 'text' && out === undefined) return
  const document = await documentOf(format, { results, prefix })
  if (out === undefined) context.stdout.write(document)
  else await writePublic(context, out, document)
}

async function documentOf(format: string, { results, prefix }: Report): Promise<string> {
  if (format === 'json') return (await import('../render/promises/json.ts')).promisesJson(results)
  if (format === 'junit') return (await import('../render/promises/junit.ts')).promisesJunit(results, prefix)
  return promisesText(results, { color: false, unicode: true })
}
