import type { WrittenObject } from '../../access/login/json-number.ts'
import { type Diagnostic, problem } from '../../core/diagnostic.ts'
import { nearest } from '../../core/nearest.ts'
import type { VaultError } from '../../core/server.ts'
import type { Mount, SessionToken } from '../../vault/secret-session.ts'
import type { SecretPlace } from './wanted.ts'

/** A path of the API, and the variables whose values are there. */
export interface Sought {
  readonly path: string
  readonly place: Exclude<SecretPlace, { engine: 'unknown' }>
  readonly names: readonly string[]
}

type AskMount = () => Promise<Mount | undefined>

interface Reader {
  readonly role: string
  readonly token: SessionToken
  readonly mount: AskMount
}

/** The server refused to give the secret. */
export async function deniedProblem(error: VaultError, sought: Sought, reader: Reader): Promise<Diagnostic> {
  const { path, names } = sought
  if (error.status !== 403 && error.status !== 404)
    return problem('secret-unreadable', `${listed(names)}: ${error.message}`, unreachableHelp(error))
  const mount = await reader.mount()
  const other = otherEngine(sought, mount)
  if (other !== undefined) return other
  if (error.status === 404)
    return problem('no-mount', `${listed(names)}: nothing is mounted at ${sought.place.mount}/`, 'Check the mount.')
  const policies = reader.token.policies.length === 0 ? 'none' : reader.token.policies.join(', ')
  return problem(
    'secret-denied',
    `${listed(names)}: role ${reader.role} may not read ${path}`,
    `A policy of the role (${policies}) needs: ${policyLine(path)}`,
  )
}

function unreachableHelp({ status, errors }: VaultError): string {
  if (/token had one use left/.test(errors.join(' ')))
    return 'A role whose jobs read leased secrets must not set token_num_uses.'
  return status === 0 ? 'Check that the server can be reached from here.' : "The server's words say what it is."
}

/** Neither a mount nor a right there: the server does not tell which. */
export function mountProblem(location: string, names: readonly string[], role: string): Diagnostic {
  const [mount, ...path] = location.split('/')
  return problem(
    'secret-denied',
    `${listed(names)}: role ${role} may do nothing in the mount of ${location}, or there is no such mount`,
    `Check the path. For a kv-v2 mount "${mount}" a policy of the role needs: ${policyLine(`${mount}/data/${path.join('/')}`)}`,
  )
}

/** Nothing is there. */
export async function missingProblem(data: WrittenObject, sought: Sought, mount: AskMount): Promise<Diagnostic> {
  return deletedProblem(data, sought) ?? otherEngine(sought, await mount()) ?? absentProblem(sought)
}

function deletedProblem({ metadata }: WrittenObject, { names, place }: Sought): Diagnostic | undefined {
  if (typeof metadata !== 'object' || metadata === null || !('version' in metadata)) return undefined
  const { version, destroyed, deletion_time: time } = metadata as WrittenObject
  const what = `${listed(names)}: the newest version of ${place.mount}/${place.path}, ${version},`
  if (destroyed === true)
    return problem('secret-destroyed', `${what} was destroyed`, 'Write it anew; what was destroyed is gone.')
  return problem(
    'secret-deleted',
    `${what} was deleted on ${time}`,
    `"vault kv undelete -mount=${place.mount} -versions=${version} ${place.path}" brings it back; or write it anew.`,
  )
}

function absentProblem({ names, path, place }: Sought): Diagnostic {
  const doubled = place.engine === 'kv-v2' && place.path.startsWith('data/')
  const plain = `${place.mount}/${place.path.slice('data/'.length)}`
  return problem(
    'no-secret',
    `${listed(names)}: there is no secret at ${path}`,
    doubled
      ? `kv-v2 adds "data/" itself: the path is probably ${plain}.`
      : 'Check mount and path, and that somebody has written the secret.',
  )
}

/** Which engine is really mounted there, where that makes another path of it. */
function otherEngine({ names, place }: Sought, mount: Mount | undefined): Diagnostic | undefined {
  if (mount === undefined) return undefined
  const [meant, real] = [place.engine === 'kv-v2', mount.engine === 'kv-v2']
  if (mount.path === place.mount && meant === real) return undefined
  if (mount.path !== place.mount)
    return problem(
      'wrong-mount',
      `${listed(names)}: ${place.mount}/${place.path} is in the mount ${mount.path}/, not in ${place.mount}/`,
      `Write "mount: ${mount.path}", and the rest as the path.`,
    )
  const engine = mount.engine === 'other' ? 'generic' : mount.engine
  const is = mount.engine === 'other' ? `of the type ${mount.type}` : mount.engine
  return problem(
    'wrong-engine',
    `${listed(names)}: ${mount.path}/ is ${is}, and the secret is declared as ${place.engine}`,
    `Write "engine: ${engine}"${real && place.path.startsWith('data/') ? ' and the path without "data/"' : ''}.`,
  )
}

interface MissingField {
  readonly name: string
  readonly field: string
  /** It is there, and null. */
  readonly empty: boolean
}

/** The secret is there, and the field is not. Names of fields are told, values never. */
export async function fieldProblem(
  { name, field, empty }: MissingField,
  fields: WrittenObject,
  sought: Sought,
  mount: AskMount,
): Promise<Diagnostic> {
  if (empty)
    return problem(
      'no-field',
      `${name}: the field ${JSON.stringify(field)} at ${sought.path} is null`,
      'Write a value.',
    )
  const other = otherEngine({ ...sought, names: [name] }, await mount())
  if (other !== undefined) return other
  const known = Object.keys(fields)
  const near = nearest(field, known)
  const there = known.length === 0 ? 'It has no field at all.' : `It has: ${known.slice(0, 20).join(', ')}.`
  return problem(
    'no-field',
    `${name}: the secret at ${sought.path} has no field ${JSON.stringify(field)}`,
    near === undefined ? there : `Did you mean ${JSON.stringify(near)}?`,
  )
}

function policyLine(path: string): string {
  return `path "${path}" { capabilities = ["read"] }`
}

function listed(names: readonly string[]): string {
  return names.join(', ')
}
