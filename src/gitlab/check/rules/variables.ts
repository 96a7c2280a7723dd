import { compareVersions } from '../../../core/version.ts'
import { variablePlace, variableText } from '../cases.ts'
import type { CiJob } from '../jobs.ts'
import { type CheckedCi, type CiFinding, type CiRule, eachJob, named } from '../rule.ts'
import { placeIn, scriptOf } from '../scripts.ts'
import { type CiEntry, entriesOf, flatItems, get } from '../value.ts'

/** Variables: those that GitLab reads, those that are gone, and those that should hold nothing. */

const wrongAddressVariable: CiRule = {
  id: 'GLC26',
  title: 'VAULT_ADDR where GitLab reads VAULT_SERVER_URL',
  level: 'warning',
  why: 'The secrets keyword knows VAULT_SERVER_URL only; without it the job never starts: the secrets provider can not be found.',
  example: {
    bad: 'variables: { VAULT_ADDR: "https://vault.example.com" }',
    good: 'variables: { VAULT_SERVER_URL: "https://vault.example.com" }',
  },
  check: eachJob(function* ({ job, secrets }) {
    const address = job.variables.get('VAULT_ADDR')
    if (secrets.length === 0 || address === undefined || job.variables.has('VAULT_SERVER_URL')) return
    yield {
      place: address.key,
      message: `${named(job)} has secrets and VAULT_ADDR, and GitLab reads VAULT_SERVER_URL`,
      help: 'Call it VAULT_SERVER_URL; a script that needs the other name can keep both.',
    }
  }),
}

const removedJwt: CiRule = {
  id: 'GLC28',
  title: 'CI_JOB_JWT is gone',
  level: 'error',
  why: 'GitLab 17.0 took these tokens away. The variable is empty, and Vault answers 400, missing token.',
  example: {
    bad: 'script: [vault write auth/jwt/login role=ci jwt=$CI_JOB_JWT]',
    good: 'id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }\nscript: [vault write auth/jwt/login role=ci jwt=$VAULT_ID_TOKEN]',
  },
  check: eachJob(function* ({ job, secrets }, { gitlab }) {
    const old = gitlab.version !== undefined && compareVersions(gitlab.version, '17.0') < 0
    const places = [
      ...scriptOf(job).flatMap((line) => {
        const found = /\bCI_JOB_JWT(?:_V[12])?\b/.exec(line.text)?.[0]
        return found === undefined ? [] : [placeIn(line, found)]
      }),
      ...secrets.flatMap(({ token }) => (token?.written.includes('CI_JOB_JWT') ? [token.at] : [])),
      ...[...job.variables.values()].flatMap((entry) =>
        variableText(entry.value)?.includes('CI_JOB_JWT') ? [variablePlace(entry)] : [],
      ),
    ]
    for (const place of places)
      yield {
        place,
        ...(old ? { level: 'warning' } : {}),
        message: `${named(job)} uses CI_JOB_JWT, which GitLab 17.0 took away`,
        help: 'Ask for an ID token with id_tokens, and use its variable.',
      }
  }),
}

const literalSecret: CiRule = {
  id: 'GLC29',
  title: 'a secret stands in the file',
  level: 'warning',
  why: 'Whoever can read the repository has it, now and from its history; no role and no policy of Vault can take it back.',
  example: {
    bad: 'variables: { DB_PASSWORD: not-so-secret-any-more }',
    good: 'secrets: { DB_PASSWORD: { vault: production/db/password@ops, file: false } }',
  },
  check: function* (ci) {
    for (const [name, entry] of allVariables(ci)) {
      if (name === 'VAULT_TOKEN' || !isSecret(name, variableText(entry.value))) continue
      yield {
        place: variablePlace(entry),
        secret: true,
        message: `the variable ${name} seems to hold a secret`,
        help: 'Move it to Vault, replace the value, and read it with secrets.',
      }
    }
  },
}

/** Of the file, of jobs, of their matrices and rules; each entry once, as jobs share them. */
function allVariables({ pipeline: { root }, jobs }: CheckedCi): ReadonlySet<readonly [string, CiEntry]> {
  const seen = new Map<CiEntry, readonly [string, CiEntry]>()
  const add = (entries: Iterable<readonly [string, CiEntry]>) => {
    for (const [name, entry] of entries) seen.set(entry, [name, entry])
  }
  add(entriesOf(get(root, 'variables')))
  for (const { job } of jobs) {
    add(job.variables)
    for (const part of parts(job)) add(part)
  }
  return new Set(seen.values())
}

function parts({ keys }: CiJob): readonly (readonly (readonly [string, CiEntry])[])[] {
  return [
    ...flatItems(get(keys, 'rules')).map((rule) => entriesOf(get(rule, 'variables'))),
    ...flatItems(get(keys, 'parallel', 'matrix')).map(entriesOf),
  ]
}

const tellingName =
  /(?:^|_)(?:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)(?:_|$|\d)/i
const harmlessName =
  /(?:_|^)(?:FILE|PATH|DIR|URL|URI|NAME|ID|USER|USERNAME|ROLE|TTL|LENGTH|TYPE|FIELD|MOUNT|HEADER|ENABLED|VERSION|POLICY|PREFIX|AUDIENCE|EXPIRY|TIMEOUT)$/i
const tellingValue =
  /^(?:glpat-|glptt-|gldt-|glrt-|hvs\.|hvb\.|hvr\.|gh[pousr]_|github_pat_|xox[abprs]-|sk_live_|AKIA[0-9A-Z]{16}$|ya29\.|npm_[A-Za-z0-9]{20})|-----BEGIN [A-Z ]*PRIVATE KEY|^eyJ[\w-]{10,}\.eyJ[\w-]+\./

function isSecret(name: string, text: string | undefined): boolean {
  if (text === undefined || text.includes('$')) return false
  if (tellingValue.test(text)) return true
  if (!tellingName.test(name) || harmlessName.test(name)) return false
  return text.length >= 8 && !/^(?:true|false|https?:|\.{0,2}\/|[a-z0-9_-]+\/[\w/.@-]+$|\d{1,9}$)/i.test(text)
}

const staticToken: CiRule = {
  id: 'GLC30',
  title: 'a token of Vault as a variable',
  level: 'error',
  why: 'It lives longer than any job, works from anywhere and for anybody who reads it, and wins over every login by the ID token.',
  example: {
    bad: 'variables: { VAULT_TOKEN: $PROD_VAULT_TOKEN }',
    good: 'id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
  },
  check: function* (ci) {
    for (const [name, entry] of allVariables(ci)) {
      if (!['VAULT_TOKEN', 'BAO_TOKEN'].includes(name)) continue
      const text = variableText(entry.value) ?? ''
      if (text === '') continue
      const literal = !text.includes('$')
      yield tokenFinding(name, entry, literal)
    }
  },
}

function tokenFinding(name: string, entry: CiEntry, literal: boolean): CiFinding {
  return {
    place: literal ? variablePlace(entry) : entry.key,
    ...(literal ? { secret: true } : { level: 'warning' }),
    message: literal
      ? `${name} is a token of Vault, written into the file`
      : `${name} takes a token from another variable`,
    help: literal ? 'Revoke it, and log in by the ID token of the job.' : 'Log in by the ID token of the job instead.',
  }
}

export const variableRules: readonly CiRule[] = [wrongAddressVariable, removedJwt, literalSecret, staticToken]
