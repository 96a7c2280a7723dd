import type { SecretUse } from '../../../core/configuration.ts'
import { secretPath } from '../../../core/secret.ts'
import type { JobRole } from '../../job-role.ts'
import { engines, isRead, type Located, lacksMount, located } from '../located.ts'
import { mostVague } from '../login.ts'
import type { Readable } from '../readable.ts'
import { type CheckedJob, type CiFinding, type CiRule, eachLogin, named, roleWords } from '../rule.ts'

/** What the job reads, against what its role may read and is declared to read. */

const unreadable: CiRule = {
  id: 'GLC10',
  title: 'the role may not read the path',
  level: 'error',
  why: 'The login succeeds and the read is refused: 403 permission denied, and the job fails before its script begins.',
  example: {
    bad: '# the policy has: path "ops/data/production/*" { capabilities = ["read"] }\nsecrets: { DB_PASSWORD: { vault: staging/db/password@ops } }',
    good: 'secrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
  },
  check: eachLogin(function* (login, checked, { readable }) {
    const { roles, refused, vague, audienceFits } = login.login
    // A job that names nothing of this configuration is about another one.
    if (refused !== undefined || (vague && (!audienceFits || roles.length > mostVague))) return
    for (const one of located(checked.secrets, login.one).filter(isRead)) {
      const path = secretPath(one)
      const [role] = roles
      if (role === undefined || roles.some((each) => readable.may(each, path))) continue
      const first = readable.why(role, path)
      if (first === undefined) continue
      const because = roles.length === 1 ? `: ${first.because}` : ''
      yield {
        place: one.secret.at,
        ...(vague ? { level: 'warning' } : {}),
        message: `${one.secret.name} of ${named(checked.job)} is read from ${path}, which ${roleWords(roles)} may not read${because}`,
        help: mountHelp(one, roles, readable) ?? (roles.length > 1 && vague ? whichRole : first.help),
      }
    }
  }),
}

const whichRole = 'Say which role is meant, with VAULT_AUTH_ROLE.'

/** No rule for another mount's path helps a secret whose mount is only not said: GLC15 has it. */
function mountHelp({ secret, path, field }: Located, roles: readonly JobRole[], readable: Readable) {
  if (!lacksMount(secret, roles)) return undefined
  const [head = '', ...rest] = path.split('/')
  const declared = roles.flatMap(({ secrets }) => Object.values(secrets).map(({ mount }) => mount))
  const meant = [...declared.map((mount) => ({ mount, path })), { mount: head, path: rest.join('/') }].find(
    (one) => one.path !== '' && roles.some((role) => readable.may(role, secretPath({ ...one, engine: 'kv-v2' }))),
  )
  if (meant !== undefined) return `Write ${meant.path}/${field}@${meant.mount}: without "@" the mount is kv-v2.`
  return `Say the mount first: without "@" it is kv-v2. Write ${secret.written}@ and the mount, here as GLC15 says.`
}

const undeclared: CiRule = {
  id: 'GLC11',
  title: "the role's file does not declare the secret",
  level: 'info',
  why: 'The role may read it, and what jobs read is not written where its policies are made and reviewed: whoever narrows them breaks this job.',
  example: {
    bad: 'secrets: { API_KEY: { vault: production/api/key@ops } }',
    good: '# roles/myproject.yaml\nsecrets: { API_KEY: { engine: kv-v2, mount: ops, path: production/api, field: key } }',
  },
  check: eachLogin(function* (login, checked, { readable }) {
    const { roles, refused, vague } = login.login
    if (refused !== undefined || vague) return
    const declaring = roles.filter(({ secrets }) => Object.keys(secrets).length > 0)
    if (declaring.length < roles.length) return
    for (const one of located(checked.secrets, login.one).filter(isRead)) {
      if (meantBy(one, roles) !== undefined) continue
      if (roles.some((role) => declares(role, one) || !readable.may(role, secretPath(one)))) continue
      yield {
        place: one.secret.key,
        message: `${one.secret.name} of ${named(checked.job)} reads ${one.field} of ${one.mount}/${one.path}, which ${roleWords(roles)} does not declare`,
        help: `Declare it under "secrets" in ${roles[0]?.source.file}.`,
      }
    }
  }),
}

function declares({ secrets }: JobRole, { mount, path, field }: Located): boolean {
  return Object.values(secrets).some((use) => use.mount === mount && use.path === path && use.field === field)
}

const wrongEngine: CiRule = {
  id: 'GLC12',
  title: 'another engine than the declared one',
  level: 'warning',
  why: 'kv-v2 reads below data/, the others do not. With the wrong one the path is another, and the answer 403 or "secret not found".',
  example: {
    bad: 'secrets: { TOKEN: { vault: app/token@legacy } }   # legacy is kv-v1',
    good: 'secrets: { TOKEN: { vault: { engine: { name: kv-v1, path: legacy }, path: app, field: token } } }',
  },
  check: eachLogin(function* (login, checked) {
    const { roles, vague } = login.login
    if (vague) return
    for (const one of located(checked.secrets, login.one)) {
      const declared = declaredEngines(roles, one.mount)
      if (
        declared.length === 0 ||
        !engines.includes(one.engine) ||
        declared.some((engine) => alike(engine, one.engine))
      )
        continue
      const [engine] = declared
      yield {
        place: one.secret.engineAt,
        message: `${one.secret.name} of ${named(checked.job)} is read with engine ${one.engine}, and the files declare ${one.mount} as ${declared.join(', ')}`,
        help:
          engine === 'kv-v2'
            ? `Write engine: { name: kv-v2, path: ${one.mount} }.`
            : `Write the long form: engine: { name: ${engine}, path: ${one.mount} }, path: ${one.path}, field: ${one.field}.`,
      }
    }
  }),
}

/** What all roles of these environments say about the mount. */
function declaredEngines(roles: readonly JobRole[], mount: string): readonly string[] {
  const uses = roles.flatMap(({ environment: { secrets } }) =>
    Object.values(secrets).flatMap((one) => Object.values(one)),
  )
  return [...new Set(uses.filter((use) => use.mount === mount).map(({ engine }) => engine))]
}

/** `kv-v1` and `generic` ask for the same. */
function alike(one: string, other: string): boolean {
  return (one === 'kv-v2') === (other === 'kv-v2')
}

const splitElsewhere: CiRule = {
  id: 'GLC16',
  title: 'the short form is split at another place than meant',
  level: 'error',
  why: 'It is split at the last "@" and then at the last "/": a field with "/" in it, or an "@" in the path, becomes something else.',
  example: {
    bad: 'secrets: { KEY: { vault: app/tls/key@ops } }   # the field is called "tls/key"',
    good: 'secrets: { KEY: { vault: { engine: { name: kv-v2, path: ops }, path: app, field: tls/key } } }',
  },
  check: eachLogin(function* (login, checked) {
    for (const one of located(checked.secrets, login.one)) {
      const meant = meantBy(one, login.login.roles)
      if (meant !== undefined) yield splitFinding(one, meant, checked)
    }
  }),
}

/** A declared secret of which the written text would be the short form, if that were split elsewhere. */
function meantBy({ secret, mount, path, field }: Located, roles: readonly JobRole[]): SecretUse | undefined {
  if (secret.written === undefined) return undefined
  const { written } = secret
  const uses = roles.flatMap(({ secrets }) => Object.values(secrets))
  return uses.find((use) => {
    const short = `${use.path}/${use.field}`
    const same = use.mount === mount && use.path === path && use.field === field
    return !same && (`${short}@${use.mount}` === written || (written.includes('@') && short === written))
  })
}

function splitFinding({ secret, mount, path, field }: Located, meant: SecretUse, { job }: CheckedJob): CiFinding {
  const { engine, mount: meantMount, path: meantPath, field: meantField } = meant
  return {
    place: secret.at,
    message: `${secret.name} of ${named(job)} is read as field ${JSON.stringify(field)} of ${path} at ${mount}, not as field ${JSON.stringify(meantField)} of ${meantPath} at ${meantMount}`,
    help: `Write the long form: engine: { name: ${engine}, path: ${meantMount} }, path: ${meantPath}, field: ${meantField}.`,
  }
}

export const pathRules: readonly CiRule[] = [unreadable, undeclared, wrongEngine, splitElsewhere]
