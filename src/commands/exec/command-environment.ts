import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import type { SecretSession } from '../../vault/secret-session.ts'
import type { Context, Options } from '../session/command.ts'
import type { ReadSecret } from './read.ts'

/** Linux takes no longer one (MAX_ARG_STRLEN), its name and the NUL at its end included. */
const longest = 128 * 1024

/** What the command's environment is made from. */
export interface Ingredients {
  readonly secrets: readonly ReadSecret[]
  /** By name: the path of a secret's file. */
  readonly paths: Readonly<Record<string, string>>
  readonly jwt: string
  readonly session: SecretSession
}

/** Throws UserError for values that no variable can hold; asked before a file is written. */
export function checkVariables(secrets: readonly ReadSecret[]): void {
  const problems = secrets.filter(({ file }) => !file).flatMap(unfit)
  if (problems.length > 0) throw new UserError(problems)
}

function unfit({ name, value }: ReadSecret): Diagnostic[] {
  const help = 'Let the command read a file: "file: true" at the secret, or --secret-file.'
  if (value.includes('\0'))
    return [problem('no-variable', `${name} holds a NUL, which no environment variable can`, help)]
  if (Buffer.byteLength(value) + name.length + 2 > longest)
    return [problem('no-variable', `${name} is longer than an environment variable can be (128 KiB)`, help)]
  return []
}

/**
 * The environment of the run with the secrets, and without what would let the command log in or read on: tokens for Vault,
 * and the ID token under whatever name. With `--pass-token` the command gets both, and the token of this login.
 */
export function commandEnvironment({ env }: Context, options: Options, ingredients: Ingredients): NodeJS.ProcessEnv {
  const { secrets, paths, jwt, session } = ingredients
  const values = Object.fromEntries(
    secrets.map(({ name, value }) => [name, Object.hasOwn(paths, name) ? paths[name] : value]),
  )
  const pass = options['passToken'] === true
  const kept = Object.entries(env).filter(
    ([name, value]) => !isVaultToken(name) && (pass || !(isIdToken(name) || value?.trim() === jwt)),
  )
  return { ...Object.fromEntries(kept), ...(pass ? tokenVariables(session) : {}), ...values }
}

/** Of somebody else, whichever of the two a command line would prefer. */
function isVaultToken(name: string): boolean {
  return /^(VAULT|BAO)_TOKEN$/.test(name)
}

function isIdToken(name: string): boolean {
  return /^(VAULT|BAO)_ID_TOKEN$/.test(name)
}

function tokenVariables({ token, server }: SecretSession): NodeJS.ProcessEnv {
  const { address, namespace } = server
  const prefix = server.product === 'openbao' ? ['VAULT', 'BAO'] : ['VAULT']
  const both = prefix.flatMap((name) => [
    [`${name}_ADDR`, address],
    [`${name}_TOKEN`, token.text],
    ...(namespace === '' ? [] : [[`${name}_NAMESPACE`, namespace]]),
  ])
  return Object.fromEntries(both)
}
