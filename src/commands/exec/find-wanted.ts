import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { problem, UserError } from '../../core/diagnostic.ts'
import type { Context, Options } from '../session/command.ts'
import { list, text, usage } from '../session/options.ts'
import { asWanted, type Wanted, type WantedSecret } from './wanted.ts'

type Said = Omit<Wanted, 'role' | 'mount'> & Partial<Pick<Wanted, 'role' | 'mount'>>

/**
 * From the configuration, from a file of `--secrets`, or from the words of the command line alone: a project that only
 * reads secrets has no configuration. Throws UserError.
 */
export async function wantedSecrets(context: Context, options: Options): Promise<Wanted> {
  const written = writtenSecrets(options)
  const said = await saidElsewhere(context, options, written.length > 0)
  const role = said.role ?? (context.env['BAO_AUTH_ROLE'] || context.env['VAULT_AUTH_ROLE'])
  if (role === undefined || role === '')
    throw usage('nobody says which role to log in with', 'Name it with --role, or set VAULT_AUTH_ROLE.')
  const path = context.env['BAO_AUTH_PATH'] || context.env['VAULT_AUTH_PATH'] || 'jwt'
  const mount = (said.mount ?? path).replace(/^auth\/|\/+$/g, '')
  if (!isPlain(mount))
    throw usage(`${JSON.stringify(mount)} is not the path of an auth mount`, 'Write it without "auth/", such as jwt.')
  const secrets = [...said.secrets, ...written]
  refuseTwins(secrets)
  if (secrets.length === 0 && options['passToken'] !== true)
    throw usage(
      `role ${role} declares no secrets, so there is nothing to read`,
      'Write them under "secrets" of the role, or name them with --secret; --pass-token hands on just the token.',
    )
  const values = secrets.map((secret) => (options['envOnly'] === true ? { ...secret, file: false } : secret))
  return { ...said, role, mount, secrets: values }
}

async function saidElsewhere(context: Context, options: Options, written: boolean): Promise<Said> {
  const manifest = text(options, 'secrets')
  const fromFiles = ['environment', 'directory'].filter((name) => options[name] !== undefined)
  if (manifest !== undefined && fromFiles.length > 0)
    throw usage(`--secrets says all that --${fromFiles[0]} would say`, 'Give one of them.')
  if (manifest !== undefined) return await fromManifest(context, options, manifest)
  if (!written || fromFiles.length > 0) {
    // What reads a configuration is loaded where there is one: most jobs have none.
    const { declaredRole } = await import('./declared-role.ts')
    return await declaredRole(context, options)
  }
  return { source: 'the command line', audiences: [], secrets: [], ...namedHere(options) }
}

/** What the command line says wins; not over a configuration, where it only chooses. */
function namedHere(options: Options): Pick<Said, 'role' | 'mount'> {
  const [role, mount] = [text(options, 'role'), text(options, 'mount')]
  return { ...(role === undefined ? {} : { role }), ...(mount === undefined ? {} : { mount }) }
}

async function fromManifest(context: Context, options: Options, file: string): Promise<Said> {
  const content = await readFile(resolve(context.cwd, file), 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new UserError([problem('unreadable', `${file} cannot be read (${code})`, 'Check the path after --secrets.')])
  })
  const { readSecretsManifest } = await import('../../config/secrets-manifest.ts')
  const { secrets, ...said } = readSecretsManifest(file, content)
  return { ...said, source: file, audiences: [], secrets: asWanted(secrets), ...namedHere(options) }
}

function writtenSecrets(options: Options): WantedSecret[] {
  return [
    ...list(options, 'secret').map((words) => writtenSecret(words, false)),
    ...list(options, 'secretFile').map((words) => writtenSecret(words, true)),
  ]
}

/** `NAME=mount/path#field`; the last `#` counts, as paths may hold one. */
function writtenSecret(words: string, file: boolean): WantedSecret {
  const [, name, path, field] = /^([A-Za-z_]\w*)=(.+)#(.+)$/.exec(words) ?? []
  const plain = path?.includes('/') && isPlain(path)
  if (name !== undefined && path !== undefined && field !== undefined && plain)
    return { name, field, file, at: { engine: 'unknown', location: path } }
  throw usage(
    `${JSON.stringify(words)} is not of the form NAME=mount/path#field`,
    'For example --secret DATABASE_PASSWORD=ops/production/db#password; the path is without "data/".',
  )
}

/** No segment that is empty or leads elsewhere. */
function isPlain(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function refuseTwins(secrets: readonly WantedSecret[]): void {
  const names = secrets.map(({ name }) => name)
  const twin = names.find((name, index) => names.indexOf(name) !== index)
  if (twin !== undefined) throw usage(`the variable ${twin} is asked for twice`, 'Give each secret a name of its own.')
}
