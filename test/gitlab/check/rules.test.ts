import { describe, expect, test } from 'vitest'
import type { GitlabSettings } from '../../../src/core/configuration.ts'
import { ciRules } from '../../../src/gitlab/check/index.ts'
import { codes, diagnosticsFor, found, type Given, job } from './world.ts'

const role = (changes: string, rest = 'VAULT_SERVER_URL: "https://vault.example.com"') =>
  `{ ${[rest, changes].filter((part) => part !== '').join(', ')} }`
const secret = (text: string) => `{ DB_PASSWORD: ${text} }`

interface Case {
  readonly bad: string
  /** All that is said about it, in the order of places. */
  readonly says: readonly string[]
  /** What looks much alike and is right. */
  readonly good: string
  readonly given?: Given
  readonly goodGiven?: Given
}

const edition = (gitlab: GitlabSettings): Given => ({ gitlab })

const cases: Readonly<Record<string, Case>> = {
  GLC01: {
    bad: job({ variables: role('VAULT_AUTH_ROLE: app-prod') }),
    says: ['GLC01 error 3: job "deploy" logs in by role "app-prod", which no file describes'],
    good: job({ variables: role('VAULT_AUTH_ROLE: App-$CI_ENVIRONMENT_NAME') }),
  },
  GLC02: {
    bad: job({ variables: role('VAULT_AUTH_ROLE: app-production, VAULT_AUTH_PATH: auth/jwt') }),
    says: ['GLC02 error 3: job "deploy" logs in at auth/auth/jwt: VAULT_AUTH_PATH is the mount without "auth/"'],
    good: job({ variables: role('VAULT_AUTH_ROLE: app-production, VAULT_AUTH_PATH: jwt/') }),
  },
  GLC03: {
    bad: job({
      environment: null,
      variables: role('VAULT_AUTH_ROLE: tenant, VAULT_NAMESPACE: taem'),
      secrets: '{ KEY: { vault: tenant/key@ops } }',
    }),
    says: ['GLC03 error 2: job "deploy" logs in in namespace "taem", where role tenant at auth/jwt of tenant is not'],
    good: job({
      environment: null,
      variables: role('VAULT_AUTH_ROLE: tenant, VAULT_NAMESPACE: /team/'),
      secrets: '{ KEY: { vault: tenant/key@ops } }',
    }),
  },
  GLC04: {
    bad: job({ variables: role('VAULT_AUTH_ROLE: app-production', 'VAULT_SERVER_URL: "http://vault.example.com"') }),
    says: [
      'GLC04 error 3: job "deploy" talks to http://vault.example.com, and role app-production at auth/jwt of production is at https://vault.example.com',
    ],
    good: job({
      variables: role('VAULT_AUTH_ROLE: app-production', 'VAULT_SERVER_URL: "https://VAULT.example.com:443/"'),
    }),
  },
  GLC05: {
    bad: job({ id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com/ } }' }),
    says: [
      'GLC05 error 4: the ID token of job "deploy" is for "https://vault.example.com/", and role app-production at auth/jwt of production takes "https://vault.example.com"',
    ],
    good: job({ id_tokens: '{ VAULT_ID_TOKEN: { aud: [https://else, $VAULT_SERVER_URL] } }' }),
  },
  GLC06: {
    bad: job({ id_tokens: null, secrets: secret('{ vault: production/db/password@ops, file: false }') }),
    says: ['GLC06 error 4: job "deploy" has secrets and no id_tokens'],
    good: `default:\n  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }\n${job({ id_tokens: null })}`,
  },
  GLC07: {
    bad: job({ secrets: secret('{ vault: production/db/password@ops, token: VAULT_ID_TOKEN, file: false }') }),
    says: ['GLC07 error 5: token of DB_PASSWORD in job "deploy" is "VAULT_ID_TOKEN", which is no ID token of the job'],
    good: job({ secrets: secret('{ vault: production/db/password@ops, token: "${VAULT_ID_TOKEN}", file: false }') }),
  },
  GLC08: {
    bad: job({
      id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com }, AWS: { aud: sts } }',
      secrets: secret('{ vault: production/db/password@ops, file: false }'),
    }),
    says: [
      'GLC08 warning 5: DB_PASSWORD of job "deploy" says no token, so GitLab takes the first of 2, VAULT_ID_TOKEN',
    ],
    good: job({ id_tokens: '{ AWS: { aud: sts }, VAULT_ID_TOKEN: { aud: https://vault.example.com } }' }),
  },
  GLC09: {
    bad: job({
      id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com }, B: { aud: https://b } }',
      secrets:
        '{ DB_PASSWORD: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN }, TLS: { vault: { engine: { name: kv-v2, path: ops }, path: production/tls, field: server/key }, token: $B } }',
    }),
    says: ['GLC09 error 5: TLS of job "deploy" asks for B, and is read with VAULT_ID_TOKEN, the token of DB_PASSWORD'],
    good: job({
      id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com }, B: { aud: https://b } }',
      secrets:
        '{ DB_PASSWORD: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN }, TLS: { vault: { engine: { name: kv-v2, path: ops }, path: production/tls, field: server/key }, token: $VAULT_ID_TOKEN } }',
    }),
  },
  GLC10: {
    bad: job({ secrets: secret('{ vault: staging/db/password@ops, token: $VAULT_ID_TOKEN }') }),
    says: [
      'GLC10 error 5: DB_PASSWORD of job "deploy" is read from ops/data/staging/db, which role app-production at auth/jwt of production may not read: no rule of its policies (app-production, default) is about that path',
    ],
    good: job({ secrets: secret('{ vault: $CI_ENVIRONMENT_NAME/db/password@ops, token: $VAULT_ID_TOKEN }') }),
  },
  GLC11: {
    bad: job({ secrets: '{ API: { vault: production/api/key@ops, token: $VAULT_ID_TOKEN } }' }),
    says: [
      'GLC11 info 5: API of job "deploy" reads key of ops/production/api, which role app-production at auth/jwt of production does not declare',
    ],
    good: job({ secrets: '{ RENAMED: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN } }' }),
  },
  GLC12: {
    bad: job({
      environment: null,
      id_tokens: '{ T: { aud: https://old.example.com } }',
      variables: role('VAULT_AUTH_ROLE: old'),
      secrets: '{ TOKEN: { vault: { engine: { name: kv-v2, path: legacy }, path: app, field: token } } }',
    }),
    says: [
      'GLC12 warning 4: TOKEN of job "deploy" is read with engine kv-v2, and the files declare legacy as kv-v1',
      'GLC10 error 4: TOKEN of job "deploy" is read from legacy/data/app, which role old at auth/jwt of production may not read: no rule of its policies (default, old) is about that path',
    ],
    good: job({
      environment: null,
      id_tokens: '{ T: { aud: https://old.example.com } }',
      variables: role('VAULT_AUTH_ROLE: old'),
      secrets: '{ TOKEN: { vault: { engine: { name: generic, path: legacy }, path: app, field: token } } }',
    }),
  },
  GLC13: {
    bad: job({ secrets: secret('{ vault: password@ops, token: $VAULT_ID_TOKEN }') }),
    says: ['GLC13 error 5: DB_PASSWORD of job "deploy" has no path: "password@ops"'],
    good: job(),
  },
  GLC14: {
    bad: job({ secrets: secret('{ vault: data/production/db/password@ops, token: $VAULT_ID_TOKEN }') }),
    says: [
      'GLC10 error 5: DB_PASSWORD of job "deploy" is read from ops/data/data/production/db, which role app-production at auth/jwt of production may not read: no rule of its policies (app-production, default) is about that path',
      'GLC14 warning 5: DB_PASSWORD of job "deploy" is read from ops/data/data/production/db',
    ],
    good: job({ secrets: '{ X: { vault: production/data/password@ops, token: $VAULT_ID_TOKEN } }' }),
  },
  GLC15: {
    bad: job({
      variables: null,
      id_tokens: '{ T: { aud: $AUD } }',
      secrets: secret('{ vault: production/db/password }'),
    }),
    says: [
      'GLC10 warning 4: DB_PASSWORD of job "deploy" is read from kv-v2/data/production/db, which any of 4 roles may not read',
      'GLC15 warning 4: DB_PASSWORD of job "deploy" is read as field "password" of production/db at the mount kv-v2',
    ],
    good: job({
      variables: null,
      id_tokens: '{ T: { aud: $AUD } }',
      secrets: secret('{ vault: production/db/password@kv-v2 }'),
    }),
  },
  GLC16: {
    bad: job({ secrets: '{ TLS_KEY: { vault: production/tls/server/key@ops, token: $VAULT_ID_TOKEN } }' }),
    says: [
      'GLC16 error 5: TLS_KEY of job "deploy" is read as field "key" of production/tls/server at ops, not as field "server/key" of production/tls at ops',
    ],
    good: job({
      secrets:
        '{ TLS_KEY: { vault: { engine: { name: kv-v2, path: ops }, path: production/tls, field: server/key }, token: $VAULT_ID_TOKEN } }',
    }),
  },
  GLC17: {
    bad: job({
      secrets: secret(
        '{ vault: { engine: { name: kv2, path: ops }, path: production/db, field: password }, token: $VAULT_ID_TOKEN }',
      ),
    }),
    says: ['GLC17 error 5: DB_PASSWORD of job "deploy" has the engine "kv2", which the runner does not know'],
    good: job({
      secrets: secret(
        '{ vault: { engine: { name: kv-v2, path: ops }, path: production/db, field: password }, token: $VAULT_ID_TOKEN }',
      ),
    }),
  },
  GLC18: {
    bad: job({
      id_tokens: '{ VAULT_ID_TOKEN: { aud: https://vault.example.com } }',
      secrets: '{ id_tokens: { T: { aud: https://vault.example.com } } }',
    }),
    says: ['GLC18 error 5: id_tokens stands inside secrets'],
    good: job({ secrets: '{ id_tokens: { vault: production/db/password@ops, token: $VAULT_ID_TOKEN } }' }),
  },
  GLC19: {
    bad: `default:\n  secrets: { A: { vault: production/db/password@ops } }\n${job()}`,
    says: ['GLC19 error 2: default has secrets, which only jobs can have'],
    good: `.default:\n  secrets: { A: { vault: production/db/password@ops } }\n${job()}  extends: .default\n`,
  },
  GLC20: {
    bad: job({
      secrets: secret(
        '{ vault: { engine: { name: kv-v2, path: ops }, path: production/db, field: password, file: false }, token: $VAULT_ID_TOKEN }',
      ),
    }),
    says: ['GLC20 error 5: vault of DB_PASSWORD has the key "file", which belongs beside it'],
    good: job({
      secrets: secret(
        '{ vault: { engine: { name: kv-v2, path: ops }, path: production/db, field: password }, file: false, token: $VAULT_ID_TOKEN }',
      ),
    }),
  },
  GLC21: {
    bad: job({
      secrets: secret('{ vault: production/db/password@ops, token: $VAULT_ID_TOKEN }'),
      script: `['login --password "$DB_PASSWORD"']`,
    }),
    says: ['GLC21 warning 6: job "deploy" uses $DB_PASSWORD as a value, and it holds the path of a file'],
    good: job({
      secrets: secret('{ vault: production/db/password@ops, token: $VAULT_ID_TOKEN }'),
      script: `['login --password-file "$DB_PASSWORD" --password "$(cat $DB_PASSWORD)" --password $DB_PASSWORD_2 < $DB_PASSWORD']`,
    }),
  },
  GLC22: {
    bad: job({ environment: '{ name: production, action: verify }' }),
    says: [
      'GLC22 error 2: the environment of job "deploy" has action: verify, and role app-production at auth/jwt of production binds "start"',
    ],
    good: job({ environment: '{ name: $WHERE, action: start }' }),
  },
  GLC23: {
    bad: job({ rules: `[{ if: '$CI_PIPELINE_SOURCE == "merge_request_event" && $DEPLOY' }]` }),
    says: [
      'GLC23 warning 7: by this rule job "deploy" runs only where role app-production at auth/jwt of production refuses it',
    ],
    good: job({
      rules: `[{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"', when: never }, { if: '$CI_PIPELINE_SOURCE == "push" || $CI_COMMIT_TAG' }]`,
    }),
  },
  GLC24: {
    bad: job(),
    given: edition({ edition: 'free' }),
    says: [`GLC24 error 5: job "deploy" has secrets, which GitLab's Free edition does not read`],
    good: job(),
    goodGiven: edition({ edition: 'premium' }),
  },
  GLC25: {
    bad: job({
      environment: null,
      id_tokens: '{ T: { aud: https://old.example.com } }',
      variables: role('VAULT_AUTH_ROLE: old'),
      secrets: '{ P: { vault: { engine: { name: generic, path: database }, path: creds/app, field: password } } }',
    }),
    given: edition({ runner: '16.10.1' }),
    says: ['GLC25 error 4: engine generic of P needs GitLab Runner 16.11, and this is 16.10.1'],
    good: job({
      environment: null,
      id_tokens: '{ T: { aud: https://old.example.com } }',
      variables: role('VAULT_AUTH_ROLE: old'),
      secrets: '{ P: { vault: { engine: { name: generic, path: database }, path: creds/app, field: password } } }',
    }),
    goodGiven: edition({ runner: '16.11' }),
  },
  GLC26: {
    bad: job({ variables: role('VAULT_AUTH_ROLE: app-production', 'VAULT_ADDR: "https://vault.example.com"') }),
    says: ['GLC26 warning 3: job "deploy" has secrets and VAULT_ADDR, and GitLab reads VAULT_SERVER_URL'],
    good: job({
      variables: role(
        'VAULT_AUTH_ROLE: app-production',
        'VAULT_SERVER_URL: "$VAULT_ADDR", VAULT_ADDR: "https://vault.example.com"',
      ),
    }),
  },
  GLC27: {
    bad: `vault:\n  server: { url: https://vault.example.com }\n${job()}`,
    says: ['GLC27 error 1: there is no keyword "vault": GitLab reads it as a job without a script'],
    good: `vault:\n  script: [vault status]\n${job()}`,
  },
  GLC28: {
    bad: `old:\n  script: ['vault write auth/jwt/login role=old jwt=$CI_JOB_JWT_V2']\n`,
    says: ['GLC28 error 2: job "old" uses CI_JOB_JWT, which GitLab 17.0 took away'],
    good: `old:\n  script: ['echo $CI_JOB_TOKEN']\n`,
  },
  GLC29: {
    bad: `variables: { DB_PASSWORD: correct-horse-battery }\n${job()}`,
    says: ['GLC29 warning 1: the variable DB_PASSWORD seems to hold a secret'],
    good: `variables: { DB_PASSWORD: $FROM_SETTINGS, PASSWORD_FILE: correct-horse-battery, TOKEN_URL: "https://example.com/token" }\n${job()}`,
  },
  GLC30: {
    bad: `variables: { VAULT_TOKEN: $ADMIN }\n${job()}`,
    says: ['GLC30 warning 1: VAULT_TOKEN takes a token from another variable'],
    good: `variables: { VAULT_TOKEN: "" }\n${job()}`,
  },
  GLC31: {
    bad: `.main: { only: [main], except: [tags] }\n${job({ extends: '.main', rules: '[{ if: $CI_COMMIT_BRANCH }]' })}`,
    says: ['GLC31 error 1: job "deploy" has rules and only, except, which GitLab does not take together'],
    good: `.main: { only: [main] }\n.both: { only: [main], rules: [{ if: $X }] }\n${job({ extends: '.main', only: 'null', rules: '[{ if: $CI_COMMIT_BRANCH }]' })}`,
  },
}

test('a job that is right in everything has nothing said about it', async () => {
  expect(await found(job())).toEqual([])
})

test('every rule has a case here', () => {
  expect(Object.keys(cases).sort()).toEqual(ciRules.map(({ id }) => id))
})

describe.each(Object.entries(cases))('%s', (id, { bad, says, good, given, goodGiven }) => {
  test('finds the mistake, and nothing else', async () => {
    expect([...(await found(bad, given))].sort()).toEqual([...says].sort())
  })

  test('leaves alone what looks alike', async () => {
    expect(await codes(good, goodGiven)).not.toContain(id)
  })
})

describe('what is said helps', () => {
  const help = async (yaml: string) => (await diagnosticsFor(yaml)).map(({ help = '' }) => help).join('\n')

  test('a misspelt role names the one that is near', async () => {
    expect(await help(job({ variables: role('VAULT_AUTH_ROLE: app-productoin') }))).toBe(
      'Did you mean "app-production"?',
    )
  })

  test('where any role can be meant, no rule is given for one of them', async () => {
    const any = {
      environment: null,
      variables: null,
      secrets: secret('{ vault: nowhere/key@ops, token: $VAULT_ID_TOKEN }'),
    }
    expect(await help(job(any))).toBe('Say which role is meant, with VAULT_AUTH_ROLE.')
  })

  test('a secret of the file is never shown, on its line or any other', async () => {
    const text = JSON.stringify(
      await diagnosticsFor('variables: { VAULT_TOKEN: hvs.abc123, DB_PASSWORD: hunter2hunter2 }\n'),
    )
    expect(text).not.toMatch(/hvs\.abc123|hunter2/)
    expect(text).toContain('not shown')
  })
})

describe('which role is meant', () => {
  test('a wrong name is compared with the roles of all environments, also of those that the job is not in', async () => {
    const lost = job({ environment: null, variables: '{ VAULT_AUTH_ROLE: app-prod }' })
    const [first] = await diagnosticsFor(lost)
    expect(first).toMatchObject({ code: 'GLC01', help: 'Did you mean "app-production"?' })
  })

  test('a matrix is checked cell by cell', async () => {
    const matrix = job({
      environment: '$WHERE',
      variables: '{ VAULT_AUTH_ROLE: app-$WHERE }',
      parallel: '{ matrix: [{ WHERE: [staging, production, qa] }] }',
      secrets: secret('{ vault: $WHERE/db/password@ops, token: $VAULT_ID_TOKEN }'),
    })
    expect(await found(matrix)).toEqual([
      'GLC01 error 3: job "deploy" logs in by role "app-qa", which no file describes',
    ])
  })

  test('a variable that no file sets can be any role, and only what all of them refuse is said', async () => {
    const open = (vault: string) =>
      job({ environment: null, variables: null, secrets: secret(`{ vault: ${vault}, token: $VAULT_ID_TOKEN }`) })
    expect(await found(open('other/key@ops'))).toEqual([])
    expect(await found(open('nowhere/key@ops'))).toEqual([
      expect.stringMatching(/^GLC10 warning 3: .*ops\/data\/nowhere, which .* may not read/),
    ])
  })

  test('a job whose role binds an environment that it does not say is told so, though nothing names the role', async () => {
    expect(await found(job({ environment: null, variables: '{ VAULT_SERVER_URL: $URL }' }))).toEqual([
      'GLC22 warning 1: job "deploy" has no environment, and role app-production at auth/jwt of production binds environment, environment_action',
    ])
  })

  test('variables of a rule count, and those of a job that inherits none do not', async () => {
    const byRule = job({ variables: null, rules: '[{ if: $A, variables: { VAULT_AUTH_ROLE: nobody } }]' })
    expect(await codes(byRule)).toEqual(['GLC01'])
    const globals = 'variables: { VAULT_AUTH_ROLE: nobody }\n'
    expect(await codes(globals + job({ variables: null }))).toEqual(['GLC01'])
    expect(await codes(globals + job({ variables: null, inherit: '{ variables: false }' }))).toEqual([])
  })

  test('a mount or namespace that nothing says is the default one', async () => {
    const other = job({
      environment: null,
      variables: '{ VAULT_AUTH_ROLE: other }',
      secrets: '{ KEY: { vault: other/key@ops } }',
    })
    expect(await found(other)).toEqual([
      'GLC02 warning 1: job "deploy" says no VAULT_AUTH_PATH, which is then jwt, and role other at auth/jwt_other of production is not there',
    ])
    const tenant = job({
      environment: null,
      variables: '{ VAULT_AUTH_ROLE: tenant }',
      secrets: '{ KEY: { vault: tenant/key@ops } }',
    })
    expect(await found(tenant)).toEqual([
      'GLC03 warning 1: job "deploy" says no VAULT_NAMESPACE, and role tenant at auth/jwt of tenant is in namespace team',
    ])
  })

  test('a script that logs in by itself is checked by its role and audience', async () => {
    const script = (aud: string, name: string) =>
      `scan:\n  id_tokens: { T: { aud: ${aud} } }\n  script:\n    - curl -d "{\\"role\\":\\"${name}\\",\\"jwt\\":\\"$T\\"}" $VAULT_ADDR/v1/auth/jwt/login\n`
    expect(await codes(script('https://old.example.com', 'old'))).toEqual([])
    expect(await codes(script('https://vault.example.com', 'old'))).toEqual(['GLC05'])
    expect(await codes(script('https://old.example.com', 'oldish'))).toEqual(['GLC01'])
  })

  test('a template that no job is made of is checked for what it says, not for what it leaves to jobs', async () => {
    const template = '.read:\n  secrets: { A: { vault: production/db/password@ops }, B: { vault: only@ops } }\n'
    expect(await codes(template)).toEqual(['GLC13'])
  })
})
