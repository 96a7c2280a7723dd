import { describe, expect, test } from 'vitest'
import { failures } from '../../../src/access/why/failure-table.ts'
import { explainText } from '../../../src/access/why/failures.ts'

/** Texts as GitLab, its runner, curl and the servers print them, each with what it has to be taken for. */
const texts: readonly (readonly [id: string, text: string])[] = [
  ['secrets-provider-not-found', 'The secrets provider can not be found. Check your CI/CD variables and try again.'],
  [
    'reclaimed-path',
    "ID token issuance is disabled in CI because this project's path was previously used by a different project",
  ],
  ['runner-outdated', 'Your runner is outdated, please upgrade your runner'],
  ['provider-not-resolved', 'WARNING: Not resolved: no resolver that can handle the secret'],
  ['unknown-engine', 'requesting SecretEngine factory: factory for secret engine "kv2" is not registered'],
  ['vault-address-empty', 'curl: (3) URL using bad/illegal format or missing URL'],
  ['vault-address-empty', 'ERROR: Job failed: exit code 3'],
  ['host-not-resolved', 'curl: (6) Could not resolve host: v1'],
  ['connection-failed', "curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server"],
  [
    'certificate-unknown',
    'writing to Vault: Put "https://vault.example.com/v1/auth/jwt/login": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  ['sealed', '{"errors":["Vault is sealed"]}'],
  ['missing-role', '{"errors":["missing role"]}'],
  ['unknown-role', '{"errors":["role \\"nexus-cl\\" could not be found"]}'.replaceAll('\\"', '"')],
  ['oidc-role', 'role with oidc role_type is not allowed'],
  ['mount-not-configured', 'could not load configuration'],
  ['missing-token', '{"errors":["missing token"]}'],
  ['missing-token', 'bash: line 12: VAULT_ID_TOKEN: unbound variable'],
  ['malformed-token', 'error validating token: error verifying token signature: illegal base64 data at input byte 0'],
  ['malformed-token', 'error validating token: error verifying token signature: oidc: malformed jwt: x'],
  [
    'audience-mismatch',
    'error validating token: invalid audience (aud) claim: audience claim does not match any expected audience',
  ],
  ['no-bound-audience', 'audience claim found in JWT but no audiences bound to the role'],
  ['issuer-mismatch', 'error validating token: invalid issuer (iss) claim'],
  ['subject-mismatch', 'error validating token: invalid subject (sub) claim'],
  ['signature', 'error validating token: error verifying token signature: failed to verify id token signature'],
  [
    'algorithm',
    'error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm',
  ],
  ['expired', 'error validating token: invalid expiration time (exp) claim: token is expired'],
  ['not-yet-valid', 'error validating token: invalid not before (nbf) claim: token not yet valid'],
  ['not-yet-valid', 'error validating token: invalid issued at (iat) claim: token issued in the future'],
  ['claim-missing', 'error validating claims: claim "environment" is missing'],
  ['claim-mismatch', 'error validating claims: claim "project_path" does not match any associated bound claim values'],
  ['user-claim-missing', 'claim "user_email" not found in token'],
  ['secret-not-found', 'ERROR: Job failed: resolving secrets: secret not found: DATABASE_PASSWORD'],
  ['variable-absent', 'build.sh: line 3: SECURITY_PRIVATE_TOKEN: unbound variable'],
  ['variable-absent', 'missing SECURITY_PRIVATE_TOKEN'],
  ['empty-vault-token', 'Empty VAULT_TOKEN after parsing'],
  ['empty-vault-token', 'VAULT_TOKEN: parameter null or not set'],
  // dash
  ['empty-vault-token', 'sh: 1: VAULT_TOKEN: parameter not set or null'],
  ['git-forbidden', "fatal: unable to access 'https://gitlab.com/a/b.git/': The requested URL returned error: 403"],
  ['git-forbidden', 'remote: HTTP Basic: Access denied'],
  ['discovery', 'error checking oidc discovery URL'],
  ['login-forbidden', 'HTTP 403 from /v1/auth/jwt/login'],
  [
    'login-forbidden',
    'preparing authenticated client: authenticating Vault client: writing to Vault: api error: status code 403: permission denied',
  ],
  ['login-bad-request', 'HTTP 400 from /v1/auth/jwt/login'],
  ['login-bad-request', 'curl: (22) The requested URL returned error: 400'],
  ['forbidden', 'curl: (22) The requested URL returned error: 403'],
  [
    'read-forbidden',
    'resolving secrets: reading secret: reading from Vault: api error: status code 403: permission denied',
  ],
  ['read-forbidden', '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}'],
]

test.each(texts)('%s is told by: %s', (id, text) => {
  expect(explainText(text).map(({ failure }) => failure.id)).toEqual([id])
})

test('every failure of the table is told by one of these texts', () => {
  const shown = new Set(texts.map(([id]) => id))
  expect(failures.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([])
})

test('ids are there once, and causes and fixes are sentences', () => {
  const ids = failures.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { cause, fix } of failures) for (const text of [cause, fix]) expect(text).toMatch(/^[A-Z].*[.]$|\.$/s)
})

describe('a job log', () => {
  const log = [
    '\x1b[0KResolving secrets',
    'Resolving secret "DATABASE_PASSWORD"...',
    '\x1b[31;1mERROR: Job failed: resolving secrets: initializing Vault service: preparing authenticated client: authenticating Vault client: writing to Vault: api error: status code 400: error validating claims: claim "ref_protected" does not match any associated bound claim values\x1b[0;m',
  ].join('\n')

  test('names the claim, whatever colours and lines are around it', () => {
    expect(explainText(log)).toMatchObject([{ failure: { id: 'claim-mismatch' }, name: 'ref_protected' }])
  })

  test('of two failures tells both, the earlier one first', () => {
    const both = `curl: (22) The requested URL returned error: 400\n{"errors":["missing role"]}\nVAULT_TOKEN is empty`
    expect(explainText(both).map(({ failure }) => failure.id)).toEqual(['missing-role', 'empty-vault-token'])
  })

  test('without a known failure explains nothing', () => {
    expect(explainText('npm ERR! code ELIFECYCLE')).toEqual([])
  })

  test('of a megabyte is read in no time', () => {
    const long = 'not set A_'.repeat(100_000)
    expect(explainText(long)).toEqual([])
  })
})
