import { parseSnapshot, type Snapshot } from '../core/snapshot.ts'
import { visible } from '../render/visible.ts'
import { fetchOverNetwork } from '../sandbox/fetch-document.ts'
import { startSandbox } from '../sandbox/server.ts'
import type { Command } from './session/command.ts'
import { text } from './session/options.ts'
import { readJson } from './session/snapshot-file.ts'

export const sandbox: Command = {
  description:
    "A Vault in this process, kept in memory: auth mounts, JWT configuration and roles, policies, logins by signed tokens, capabilities, and kv secrets (secret/ is there from the start). Logins and requests are decided by the server's rules. Runs until Ctrl-C.",
  options: [
    {
      flags: '--listen <host:port>',
      description: 'where to listen; only loopback makes sense',
      default: '127.0.0.1:8200',
    },
    { flags: '--load <file>', description: 'begin with a snapshot' },
    { flags: '--token <token>', description: 'the root token; random when not given' },
    {
      flags: '--product <product>',
      description: 'which server to be like',
      choices: ['vault', 'openbao'],
      default: 'vault',
    },
    {
      flags: '--fetch-keys',
      description:
        'fetch the keys of oidc_discovery_url, jwks_url and jwks_pairs, directly; without it the sandbox contacts nobody, and only jwt_validation_pubkeys let jobs log in',
    },
  ],
  async run(context, options) {
    const file = text(options, 'load')
    const token = text(options, 'token')
    const load = file === undefined ? undefined : parseSnapshot(await readJson(context, file))
    const running = await startSandbox({
      listen: text(options, 'listen') as string,
      product: text(options, 'product') as 'vault' | 'openbao',
      ...(options['fetchKeys'] === true ? { fetchDocument: fetchOverNetwork } : {}),
      ...(token === undefined ? {} : { token }),
      ...(load === undefined ? {} : { load }),
    })
    context.stderr.write(unknownHere(load))
    context.stdout.write(`export VAULT_ADDR=${running.address}\nexport VAULT_TOKEN=${running.token}\n`)
    context.stderr.write('The sandbox is running; Ctrl-C ends it, and with it everything it holds.\n')
    if (!context.signal.aborted)
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }))
    await running.close()
    return 0
  },
}

/** A sandbox has or has not: what the snapshot does not know is here as if it were absent on the server. */
function unknownHere(snapshot: Snapshot | undefined): string {
  const paths = (snapshot?.forbidden ?? []).map(visible)
  if (paths.length === 0) return ''
  const named = paths.length > 10 ? [...paths.slice(0, 10), `${paths.length - 10} more`] : paths
  return `The token that took the snapshot could not read these, so nothing is there: ${named.join(', ')}.\n`
}
