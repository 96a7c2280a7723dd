import { nearest } from '../../../core/nearest.ts'
import { tokenFor } from '../login.ts'
import { type CiFinding, type CiRule, eachJob, named } from '../rule.ts'
import type { CiSecret, IdToken } from '../secrets.ts'
import { entriesOf, get, mapOf } from '../value.ts'

/** The ID token: that there is one, that it says whom it is for, and which one is used. */

const noToken: CiRule = {
  id: 'GLC06',
  title: 'no ID token, or one that is for nobody',
  level: 'error',
  why: 'GitLab makes an ID token only where id_tokens asks for one, and only for an audience. Without it Vault answers 400, missing token.',
  example: {
    bad: 'deploy:\n  secrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
    good: 'deploy:\n  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }\n  secrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
  },
  check: eachJob(function* ({ job, secrets, idTokens }) {
    for (const { name, key, audiences } of idTokens)
      if (audiences.length === 0 && !hasMore(get(job.keys, 'id_tokens', name, 'aud')))
        yield {
          place: key,
          message: `the ID token ${name} of ${named(job)} has no aud`,
          help: 'Say whom it is for, as the role of Vault binds it: aud: https://vault.example.com.',
        }
    const [first] = secrets
    if (first !== undefined && idTokens.length === 0 && job.whole && get(job.keys, 'id_tokens') === undefined)
      yield {
        place: first.key,
        message: `${named(job)} has secrets and no id_tokens`,
        help: 'Give the job id_tokens: { VAULT_ID_TOKEN: { aud: … } }.',
      }
  }),
}

/** An aud that is something, though no text is left of it, such as a reference into a file that is not read. */
function hasMore(aud: ReturnType<typeof get>): boolean {
  return aud?.type === 'map' || aud?.type === 'reference'
}

const unknownToken: CiRule = {
  id: 'GLC07',
  title: 'token names no ID token of the job',
  level: 'error',
  why: 'The login then brings an empty token, and Vault answers 400, missing token.',
  example: { bad: 'token: VAULT_ID_TOKEN', good: 'token: $VAULT_ID_TOKEN' },
  check: eachJob(function* ({ job, secrets, idTokens }) {
    for (const { name, token } of secrets) {
      if (token === undefined || idTokens.some((one) => one.name === token.name)) continue
      if (!job.whole && idTokens.length === 0) continue
      const bare = idTokens.find((one) => one.name === token.written)
      const near = nearest(
        token.name ?? token.written,
        idTokens.map((one) => one.name),
      )
      yield {
        place: token.at,
        message: `token of ${name} in ${named(job)} is ${JSON.stringify(token.written)}, which is no ID token of the job`,
        help:
          bare !== undefined
            ? `Write $${bare.name}.`
            : near !== undefined
              ? `Did you mean $${near}?`
              : listed(idTokens),
      }
    }
  }),
}

function listed(idTokens: readonly IdToken[]): string {
  if (idTokens.length === 0) return 'Give the job id_tokens with that name.'
  return `The job has: ${idTokens.map(({ name }) => `$${name}`).join(', ')}.`
}

const firstToken: CiRule = {
  id: 'GLC08',
  title: 'several ID tokens, and the secret does not say which',
  level: 'warning',
  why: 'GitLab then takes the first one in id_tokens: whoever adds another above it changes who the job is to Vault.',
  example: {
    bad: 'id_tokens: { AWS_TOKEN: { aud: sts.amazonaws.com }, VAULT_ID_TOKEN: { aud: https://vault.example.com } }\nsecrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
    good: 'id_tokens: { AWS_TOKEN: { aud: sts.amazonaws.com }, VAULT_ID_TOKEN: { aud: https://vault.example.com } }\nsecrets: { DB_PASSWORD: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN } }',
  },
  check: eachJob(function* ({ job, secrets, idTokens }) {
    const [first] = idTokens
    if (first === undefined || idTokens.length < 2) return
    for (const { name, key, token } of secrets)
      if (token === undefined)
        yield {
          place: key,
          message: `${name} of ${named(job)} says no token, so GitLab takes the first of ${idTokens.length}, ${first.name}`,
          help: 'Add token: and the name of the ID token that is meant.',
        }
  }),
}

const mixedTokens: CiRule = {
  id: 'GLC09',
  title: 'one job, several tokens for Vault',
  level: 'error',
  why: 'GitLab makes one connection to Vault for a job: the token, role and namespace of its first secret serve all others (GitLab issue 577272).',
  example: {
    bad: 'secrets:\n  A: { vault: a/password@ops, token: $STAGING_TOKEN }\n  B: { vault: b/password@ops, token: $PRODUCTION_TOKEN }',
    good: '# two jobs, each with its own token\nsecrets:\n  A: { vault: a/password@ops, token: $STAGING_TOKEN }',
  },
  check: eachJob(function* ({ job, secrets, idTokens }) {
    const [first] = secrets
    const used = tokenFor(first, idTokens)
    if (first === undefined || used === undefined) return
    for (const secret of secrets.slice(1)) {
      const token = tokenFor(secret, idTokens)
      if (token !== undefined && token !== used) yield mixed(secret, token, { first, used, job: named(job) })
    }
  }),
}

function mixed(
  secret: CiSecret,
  token: IdToken,
  { first, used, job }: { readonly first: CiSecret; readonly used: IdToken; readonly job: string },
): CiFinding {
  const texts = (one: IdToken) => one.audiences.map(({ text }) => text).join()
  return {
    place: secret.token?.at ?? secret.key,
    // The same audience makes the same token but for its ID.
    ...(texts(token) === texts(used) ? { level: 'info' } : {}),
    message: `${secret.name} of ${job} asks for ${token.name}, and is read with ${used.name}, the token of ${first.name}`,
    help: 'Read it in a job of its own.',
  }
}

const nestedTokens: CiRule = {
  id: 'GLC18',
  title: 'id_tokens inside secrets',
  level: 'error',
  why: 'id_tokens is a keyword of the job. Inside secrets it would be a secret of that name, and GitLab refuses the file.',
  example: {
    bad: 'secrets:\n  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }\n  DB_PASSWORD: { vault: production/db/password@ops }',
    good: 'id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }\nsecrets:\n  DB_PASSWORD: { vault: production/db/password@ops }',
  },
  check: function* ({ jobs, pipeline: { root } }) {
    const holders = [
      ...jobs.map(({ job }) => get(job.keys, 'secrets')),
      get(root, 'secrets'),
      get(root, 'default', 'secrets'),
    ]
    for (const secrets of holders) {
      const entry = mapOf(secrets)?.entries.get('id_tokens')
      if (entry === undefined || entriesOf(entry.value).length === 0 || get(entry.value, 'vault') !== undefined)
        continue
      yield {
        place: entry.key,
        message: 'id_tokens stands inside secrets',
        help: 'Move it beside secrets, one level up.',
      }
    }
  },
}

export const tokenRules: readonly CiRule[] = [noToken, unknownToken, firstToken, mixedTokens, nestedTokens]
