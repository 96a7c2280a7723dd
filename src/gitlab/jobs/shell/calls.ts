import type { SecretUse } from '../../../core/configuration.ts'
import { byPath, leased } from '../secrets.ts'

/** The lines of before_script that bring a role's secrets into the shell of the job. */
export function secretCalls(secrets: Readonly<Record<string, SecretUse>>): readonly string[] {
  return ['vault_login', ...byPath(secrets).map(([name, use]) => secretCall(name, use)), 'vault_done']
}

function secretCall(name: string, { engine, mount, path, field, file = true }: SecretUse): string {
  const words = [name, engine, urlPath(mount), urlPath(path), field, ...(file ? ['file'] : [])]
  return ['vault_secret', ...words.map(word)].join(' ')
}

/** Whether something is left for after_script: files, or a token that leases hang on. */
export function leavesSomething(secrets: Readonly<Record<string, SecretUse>>): boolean {
  return leased(secrets) || Object.values(secrets).some(({ file = true }) => file)
}

function urlPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** As one word of a shell. */
function word(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
