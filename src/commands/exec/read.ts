import { show } from '../../access/login/go-text.ts'
import { numberText, type Written, type WrittenObject, withNumberTexts } from '../../access/login/json-number.ts'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { secretPath } from '../../core/secret.ts'
import { VaultError } from '../../core/server.ts'
import type { Lease, Mount, SecretAnswer, SecretSession } from '../../vault/secret-session.ts'
import { deniedProblem, fieldProblem, missingProblem, mountProblem, type Sought } from './read-problems.ts'
import type { SecretPlace, Wanted, WantedSecret } from './wanted.ts'

export interface ReadSecret extends Pick<WantedSecret, 'name' | 'file'> {
  readonly value: string
}

/** A lease of a secret that was read; the variables come from it. */
export interface ReadLease extends Lease {
  readonly path: string
  readonly names: readonly string[]
}

export interface ReadSecrets {
  readonly secrets: readonly ReadSecret[]
  readonly problems: readonly Diagnostic[]
}

/**
 * Reads every path once, whatever number of fields come from it: a user name and its password belong to one lease. Gives
 * all problems at once. Each lease is told as soon as there is one, because it is to be revoked even if the rest fails.
 */
export async function readSecrets(
  session: SecretSession,
  { role, secrets }: Wanted,
  onLease: (lease: ReadLease) => void,
): Promise<ReadSecrets> {
  const located = await Promise.all(secrets.map((secret) => locate(session, secret, role)))
  const problems = located.filter((found): found is Diagnostic => 'code' in found)
  const sought = groupByPath(located.filter((found): found is Located => !('code' in found)))
  const few = tooFewUses(session, sought.length, role)
  if (few !== undefined) return { secrets: [], problems: [...problems, few] }
  const parts = await Promise.all(sought.map((group) => readGroup(session, group, role, onLease)))
  return {
    secrets: parts.flatMap((part) => part.secrets),
    problems: [...problems, ...parts.flatMap((part) => part.problems)],
  }
}

type Place = Exclude<SecretPlace, { engine: 'unknown' }>

interface Located {
  readonly secret: WantedSecret
  readonly place: Place
}

/** A path of the API with all that is wanted from it. */
interface Group extends Sought {
  readonly secrets: readonly WantedSecret[]
}

async function locate(session: SecretSession, secret: WantedSecret, role: string): Promise<Located | Diagnostic> {
  const { at, name } = secret
  if (at.engine !== 'unknown') return { secret, place: at }
  try {
    const { path: mount, engine } = await session.mountOf(at.location)
    const path = at.location.slice(mount.length + 1)
    if (path === '') return problem('no-secret', `${name}: ${at.location} is a mount, not a secret in it`)
    return { secret, place: { engine: engine === 'other' ? 'generic' : engine, mount, path } }
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    if (error.status !== 403) return problem('server', `${name}: ${error.message}`)
    return mountProblem(at.location, [name], role)
  }
}

function groupByPath(located: readonly Located[]): Group[] {
  const groups = new Map<string, Located[]>()
  for (const found of located) {
    const path = secretPath(found.place)
    groups.set(path, [...(groups.get(path) ?? []), found])
  }
  return [...groups].map(([path, members]) => ({
    path,
    place: (members[0] as Located).place,
    names: members.map(({ secret }) => secret.name),
    secrets: members.map(({ secret }) => secret),
  }))
}

function tooFewUses(session: SecretSession, needed: number, role: string): Diagnostic | undefined {
  const left = session.usesLeft()
  if (left === undefined || left >= needed) return undefined
  const { uses } = session.token
  return problem(
    'token-uses',
    `a token of role ${role} is good for ${uses} requests (token_num_uses), ${left} are left, and ${needed} paths are to be read`,
    `Set token_num_uses to ${uses - left + needed + 1} or more, one of them to revoke the token, or leave it out.`,
  )
}

async function readGroup(
  session: SecretSession,
  group: Group,
  role: string,
  onLease: (lease: ReadLease) => void,
): Promise<ReadSecrets> {
  const answer = await session.read(group.path).catch(orRefusal)
  if (answer instanceof VaultError)
    return failed(
      await deniedProblem(answer, group, { role, token: session.token, mount: mountBehind(session, group) }),
    )
  if (!answer.found) return failed(await missingProblem(answer.data, group, mountBehind(session, group)))
  if (answer.lease !== undefined) onLease({ ...answer.lease, path: group.path, names: group.names })
  return await pickFields(session, group, answer)
}

function failed(found: Diagnostic): ReadSecrets {
  return { secrets: [], problems: [found] }
}

function orRefusal(error: unknown): VaultError {
  if (error instanceof VaultError) return error
  throw error
}

/** What is really mounted there, asked only where something went wrong; undefined where the token may not know. */
function mountBehind(session: SecretSession, { place }: Group): () => Promise<Mount | undefined> {
  return () => session.mountOf(`${place.mount}/${place.path}`).catch(() => undefined)
}

async function pickFields(
  session: SecretSession,
  group: Group,
  { data }: Extract<SecretAnswer, { found: true }>,
): Promise<ReadSecrets> {
  const fields = group.place.engine === 'kv-v2' ? inner(data) : data
  const secrets: ReadSecret[] = []
  const problems: Diagnostic[] = []
  for (const { name, field, file } of group.secrets) {
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (value === undefined || value === null)
      problems.push(
        await fieldProblem({ name, field, empty: value === null }, fields, group, mountBehind(session, group)),
      )
    else secrets.push({ name, file, value: valueText(value) })
  }
  return { secrets, problems }
}

function inner(data: WrittenObject): WrittenObject {
  const { data: fields } = data
  return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? (fields as WrittenObject) : {}
}

/** As GitLab's runner prints a value into a variable: texts as they are, all else by Go's `%v` (helpers/vault). */
function valueText(value: Written): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? numberText(value) : show(withNumberTexts(value))
}

export function throwProblems(problems: readonly Diagnostic[]): void {
  if (problems.length > 0) throw new UserError(problems)
}
