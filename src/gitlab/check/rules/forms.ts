import { nearest } from '../../../core/nearest.ts'
import { engines, lacksMount } from '../located.ts'
import { type CiFinding, type CiRule, eachJob, named } from '../rule.ts'
import { entriesOf, get, mapOf } from '../value.ts'

/** How `secrets:` is written, whatever the roles say. */

const noPath: CiRule = {
  id: 'GLC13',
  title: 'the short form has no path',
  level: 'error',
  why: 'What follows the last "/" is the field, so a text without "/" is a field of nothing. GitLab takes it, and the job fails.',
  example: { bad: 'vault: password@ops', good: 'vault: production/db/password@ops' },
  check: eachJob(function* ({ job, secrets }) {
    for (const { name, form, path, field, at, written = '' } of secrets)
      if (form === 'short' && !written.includes('$[[') && (path === '' || field === ''))
        yield {
          place: at,
          message: `${name} of ${named(job)} has no ${field === '' ? 'field' : 'path'}: ${JSON.stringify(written)}`,
          help: 'Write path/field@mount.',
        }
  }),
}

const dataInPath: CiRule = {
  id: 'GLC14',
  title: 'data/ in the path of a kv-v2 secret',
  level: 'warning',
  why: 'The engine adds data/ behind the mount by itself. Written once more, it is a folder of that name.',
  example: { bad: 'vault: data/production/db/password@ops', good: 'vault: production/db/password@ops' },
  check: eachJob(function* ({ job, secrets }) {
    for (const { name, engine, mount, path, at } of secrets) {
      if (engine !== 'kv-v2') continue
      // The API's own path, mount first, with the mount added once more.
      const inner = path.startsWith('data/')
        ? 'data/'
        : path.startsWith(`${mount}/data/`)
          ? `${mount}/data/`
          : undefined
      if (inner === undefined) continue
      yield {
        place: at,
        message: `${name} of ${named(job)} is read from ${mount}/data/${path}`,
        help: `Take ${JSON.stringify(inner)} out, unless the secret's own path begins with it.`,
      }
    }
  }),
}

const noMount: CiRule = {
  id: 'GLC15',
  title: 'the short form names no mount',
  level: 'warning',
  why: 'Without "@" the mount is called kv-v2, whatever the path begins with: secret/db/password reads field "password" of secret/db there.',
  example: { bad: 'vault: ops/production/db/password', good: 'vault: production/db/password@ops' },
  check: eachJob(function* ({ job, secrets, logins }) {
    const roles = logins.flatMap(({ login }) => login.roles)
    for (const secret of secrets.filter((one) => lacksMount(one, roles))) {
      const { name, path, field, at } = secret
      yield {
        place: at,
        message: `${name} of ${named(job)} is read as field ${JSON.stringify(field)} of ${path} at the mount kv-v2`,
        help: 'Add @ and the mount; write @kv-v2 if that is the mount.',
      }
    }
  }),
}

const unknownEngine: CiRule = {
  id: 'GLC17',
  title: 'an engine that the runner does not know',
  level: 'error',
  why: 'GitLab takes any name; the runner knows kv-v2, kv-v1 and generic, and fails: factory for secret engine "…" is not registered.',
  example: { bad: 'engine: { name: kv2, path: ops }', good: 'engine: { name: kv-v2, path: ops }' },
  check: eachJob(function* ({ job, secrets }) {
    for (const { name, engine, engineAt } of secrets) {
      if (engines.includes(engine) || engine.includes('$')) continue
      const near = nearest(engine, engines) ?? 'generic'
      yield {
        place: engineAt,
        message: `${name} of ${named(job)} has the engine ${JSON.stringify(engine)}, which the runner does not know`,
        help: `Write ${near}; what is no KV engine is read by generic.`,
      }
    }
  }),
}

const secretsForAll: CiRule = {
  id: 'GLC19',
  title: 'secrets or id_tokens where no job is',
  level: 'error',
  why: 'secrets is a keyword of jobs, and default does not take it. At the top of a file both are read as a job of that name.',
  example: {
    bad: 'default:\n  secrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
    good: '.database:\n  secrets: { DB_PASSWORD: { vault: production/db/password@ops } }\ndeploy:\n  extends: .database',
  },
  check: function* ({ pipeline: { root } }) {
    const inDefault = mapOf(get(root, 'default'))?.entries.get('secrets')
    if (inDefault !== undefined)
      yield { place: inDefault.key, message: 'default has secrets, which only jobs can have', help: intoJob }
    for (const name of ['secrets', 'id_tokens']) {
      const entry = root.entries.get(name)
      if (entry?.value.type === 'map' && !('script' in Object.fromEntries(entry.value.entries)))
        yield {
          place: entry.key,
          message: `${name} stands at the top of the file, where it is read as a job`,
          help: intoJob,
        }
    }
  },
}

const intoJob = 'Write it into a hidden job that others extend.'

const insideVault: CiRule = {
  id: 'GLC20',
  title: 'a key inside vault that belongs beside it',
  level: 'error',
  why: 'vault takes engine, path and field, all three and nothing else. GitLab refuses the file.',
  example: {
    bad: 'DB_PASSWORD:\n  vault: { engine: { name: kv-v2, path: ops }, path: production/db, field: password, file: false }',
    good: 'DB_PASSWORD:\n  vault: { engine: { name: kv-v2, path: ops }, path: production/db, field: password }\n  file: false',
  },
  check: eachJob(function* ({ job }) {
    for (const [name, { key, value }] of entriesOf(get(job.keys, 'secrets'))) {
      const vault = mapOf(get(value, 'vault'))
      if (vault === undefined) continue
      for (const [inner, entry] of vault.entries)
        if (!['engine', 'path', 'field'].includes(inner)) yield inside(name, inner, entry.key)
      const missing = ['engine', 'path', 'field'].filter((part) => get(vault, part) === undefined)
      if (missing.length > 0 && job.whole)
        yield {
          place: key,
          message: `vault of ${name} in ${named(job)} has no ${missing.join(', no ')}`,
          help: 'Write engine: { name: kv-v2, path: … }, path and field.',
        }
    }
  }),
}

function inside(name: string, inner: string, place: CiFinding['place']): CiFinding {
  const beside = ['file', 'token'].includes(inner)
  return {
    place,
    message: `vault of ${name} has the key ${JSON.stringify(inner)}, which ${beside ? 'belongs beside it' : 'it does not take'}`,
    help: beside ? 'Move it out of vault, one level up.' : 'It takes engine, path and field.',
  }
}

const vaultKeyword: CiRule = {
  id: 'GLC27',
  title: 'vault as a keyword of the file',
  level: 'error',
  why: 'GitLab has no such keyword and reads it as a job, which has no script: the file is refused. Variables say where Vault is.',
  example: {
    bad: 'vault:\n  server: { url: https://vault.example.com }',
    good: 'variables:\n  VAULT_SERVER_URL: https://vault.example.com',
  },
  check: function* ({ pipeline: { root } }) {
    const entry = root.entries.get('vault')
    if (entry?.value.type !== 'map') return
    if (['script', 'run', 'trigger', 'extends'].some((key) => get(entry.value, key) !== undefined)) return
    yield {
      place: entry.key,
      message: 'there is no keyword "vault": GitLab reads it as a job without a script',
      help: 'Set VAULT_SERVER_URL, VAULT_AUTH_ROLE and VAULT_AUTH_PATH under variables.',
    }
  },
}

/** Source: lib/gitlab/ci/config/entry/processable.rb, which looks at what `extends` made, and passes over null. */
const rulesToo: CiRule = {
  id: 'GLC31',
  title: 'only or except beside rules',
  level: 'error',
  why: 'GitLab refuses the whole file (key may not be used with `rules`), so that no job of it runs, also where one of them comes by extends.',
  example: {
    bad: '.main: { only: [main] }\ndeploy:\n  extends: .main\n  rules: [{ if: $CI_COMMIT_BRANCH == "main" }]',
    good: 'deploy:\n  rules: [{ if: $CI_COMMIT_BRANCH == "main" }]',
  },
  check: eachJob(function* ({ job }) {
    if (job.hidden || get(job.keys, 'rules') === undefined) return
    const others = ['only', 'except', 'start_in'].filter((key) => get(job.keys, key) !== undefined)
    const [first] = others
    const entry = first === undefined ? undefined : job.keys.entries.get(first)
    if (entry === undefined) return
    yield {
      place: entry.key,
      message: `${named(job)} has rules and ${others.join(', ')}, which GitLab does not take together`,
      help: `Say it in rules alone; what comes by extends is taken away by ${others.map((key) => `${key}: null`).join(', ')}.`,
    }
  }),
}

export const formRules: readonly CiRule[] = [
  noPath,
  dataInPath,
  noMount,
  unknownEngine,
  secretsForAll,
  insideVault,
  vaultKeyword,
  rulesToo,
]
