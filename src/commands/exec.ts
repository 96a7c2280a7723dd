import { visible } from '../render/visible.ts'
import type { SecretSession } from '../vault/secret-session.ts'
import { checkVariables, commandEnvironment } from './exec/command-environment.ts'
import { wantedSecrets } from './exec/find-wanted.ts'
import { sayLeftovers, watchedTerms } from './exec/leases.ts'
import { idToken, logInForSecrets } from './exec/login.ts'
import { compileMask } from './exec/mask.ts'
import { isMasked, maskPatterns, shortestMasked } from './exec/mask-patterns.ts'
import { type ReadLease, type ReadSecret, readSecrets, throwProblems } from './exec/read.ts'
import { runCommand } from './exec/run-command.ts'
import { writeSecretFiles } from './exec/secret-files.ts'
import { codeOf, type Signals, takeSignals } from './exec/signals.ts'
import { watchTerms } from './exec/terms.ts'
import type { Wanted } from './exec/wanted.ts'
import { type Command, type Context, Interrupted, type Options } from './session/command.ts'
import { colorOption, text, usage, verboseOption } from './session/options.ts'

export const exec: Command = {
  description:
    "Logs in with the job's ID token, once; gives the role's secrets to the command as variables or files; masks them in its output; renews leases while it runs; revokes the token afterwards. Exit code: the command's; 128 + n when a signal ended it; 127 or 126 when it cannot be started; 1 when nothing was started.",
  arguments: [{ name: '<command...>', description: 'the command and its arguments, after "--"' }],
  options: [
    { flags: '--role <name>', description: "the role, by its name or its file's name; VAULT_AUTH_ROLE when not given" },
    { flags: '-e, --environment <name>', description: "the role's environment, where it has several" },
    { flags: '-C, --directory <path>', description: 'folder of the configuration; the current one when not given' },
    { flags: '--mount <path>', description: 'path of the auth mount, without "auth/"; VAULT_AUTH_PATH or jwt' },
    {
      flags: '--secret <NAME=path#field>',
      description: 'a secret that no configuration declares, such as PASSWORD=ops/production/db#password',
      repeatable: true,
    },
    { flags: '--secret-file <NAME=path#field>', description: 'the same, as a file', repeatable: true },
    { flags: '--secrets <file>', description: 'role and secrets in a file, where there is no configuration' },
    { flags: '--id-token-variable <name>', description: 'the variable that holds the ID token (VAULT_ID_TOKEN)' },
    { flags: '--env-only', description: 'values instead of files, whatever "file" says' },
    {
      flags: '--pass-token',
      description: 'leave the command the ID token, and give it the Vault token as VAULT_TOKEN',
    },
    { flags: '--no-mask', description: "hand the command's output through as it is" },
    colorOption,
    verboseOption,
  ],
  run: runExec,
}

/** One run: what every step needs. */
interface Run {
  readonly context: Context
  readonly options: Options
  readonly wanted: Wanted
  readonly jwt: string
  readonly command: readonly [string, ...string[]]
  readonly signals: Signals
  readonly say: (text: string) => void
}

async function runExec(context: Context, options: Options, args: readonly string[]): Promise<number> {
  const [program, ...words] = args
  if (program === undefined) throw usage('no command to run', 'Write it after "--".')
  const wanted = await wantedSecrets(context, options)
  const jwt = idToken(context.env, text(options, 'idTokenVariable'), wanted)
  // It may quote a server.
  const say = (line: string) => void context.stderr.write(`vaultwright: ${visible(line)}\n`)
  const signals = takeSignals(context)
  try {
    return await inSession({ context, options, wanted, jwt, command: [program, ...words], signals, say })
  } catch (error) {
    const asked = signals.first()
    if (asked === undefined) throw error
    say(`stopped by ${asked} before the command was started`)
    return codeOf(asked)
  } finally {
    signals.release()
  }
}

/** Whatever happens after the login, the token is revoked, and the leases with it. */
async function inSession(run: Run): Promise<number> {
  const { context, wanted, jwt, signals, say, options } = run
  const session = await logInForSecrets({ env: context.env, wanted, jwt, signal: signals.asked })
  const leases: ReadLease[] = []
  try {
    const reading = () => readSecrets(session, wanted, (lease) => leases.push(lease))
    const { secrets, problems } = await unlessAsked(reading, signals)
    throwProblems(problems)
    return await withSecrets(run, { session, secrets, leases })
  } finally {
    const left = await session.end(leases.map(({ id }) => id))
    sayLeftovers(left, { session, leases, role: wanted.role }, say)
    if (options['verbose'] === true && left.token === undefined && !session.token.batch) say('the token is revoked')
  }
}

/** Nobody waits for an answer after Ctrl-C, and nothing is asked for. */
function unlessAsked<T>(work: () => Promise<T>, { asked }: Signals): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Interrupted())
    if (asked.aborted) return stop()
    asked.addEventListener('abort', stop, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => asked.removeEventListener('abort', stop))
  })
}

interface Opened {
  readonly session: SecretSession
  readonly secrets: readonly ReadSecret[]
  readonly leases: readonly ReadLease[]
}

async function withSecrets(run: Run, { session, secrets, leases }: Opened): Promise<number> {
  const { context, options, jwt, command, signals, say } = run
  checkVariables(secrets)
  const mask = options['mask'] === false ? undefined : maskOf(secrets, [jwt, session.token.text], say)
  const files = writeSecretFiles(context, secrets)
  const stopWatching = watchTerms(watchedTerms(session, leases, options['passToken'] === true), say)
  try {
    const env = commandEnvironment(context, options, { secrets, paths: files.paths, jwt, session })
    const { stdout, stderr } = context
    return await runCommand({ command, env, stdout, stderr, signals, say, ...(mask === undefined ? {} : { mask }) })
  } finally {
    stopWatching()
    files.remove()
  }
}

function maskOf(secrets: readonly ReadSecret[], tokens: readonly string[], say: (text: string) => void) {
  const bare = secrets.filter(({ value }) => !isMasked(value)).map(({ name }) => name)
  if (bare.length > 0) say(`not masked, because shorter than ${shortestMasked} characters: ${bare.join(', ')}`)
  return compileMask(maskPatterns([...secrets.map(({ value }) => value), ...tokens]))
}
