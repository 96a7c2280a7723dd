import { describe, expect, test } from 'vitest'
import { joined, say } from '../commands/access/program.ts'
import { claimsFor, fork, type JobName } from '../repository/claims.ts'
import { gitlab, otherGitlab } from '../support/issuer.ts'

/**
 * Every row of the debugging table of the page on CWIQ's Nexus jobs, and every item of the troubleshooting list of the page
 * on Omnibus GitLab's build token: what a person sees there, and that the cause is named at once. Where a page is wrong
 * about the cause, the right one is expected.
 */
const nexus = 'cwiq-nexus-ci.md'
const build = 'omnibus-build-token.md'

const always = { aud: 'https://vault.example.com', sub: 'project_path:x', user_email: null, runner_id: 1 }

function claimsOf(job: JobName, changes: object = {}): string {
  return JSON.stringify({ ...always, ref_protected: 'true', ...claimsFor(job), ...changes })
}

async function whyLogin(role: string, claims: string, ...words: readonly string[]) {
  const said = await say(['access', 'why', '--role', role, '--claims', '-', ...words], { input: claims })
  return { ...said, told: joined(said.stdout) }
}

async function whyText(text: string) {
  const said = await say(['access', 'why', '--error', text])
  return { ...said, told: joined(said.stdout) }
}

describe(nexus, () => {
  test('its job as it is meant gets in and reads its secret', async () => {
    const path = ['--path', 'secret/data/nexus/svc-orchestrator']
    const said = await whyLogin('nexus-ci', claimsOf('nexus-ci'), ...path)
    expect(said.code).toBe(0)
    expect(said.told).toContain('its tokens may read secret/data/nexus/svc-orchestrator')
  })

  test('row 1, "curl: (6) Could not resolve host": a URL put together with an empty VAULT_ADDR', async () => {
    const said = await whyText('curl: (6) Could not resolve host: v1')
    expect(said.code).toBe(0)
    expect(said.told).toMatch(/cause .*empty VAULT_ADDR/)
    expect(said.told).toMatch(/fix .*VAULT_ADDR is set for this job/)
  })

  test.each(['curl: (3) URL using bad/illegal format or missing URL', 'ERROR: Job failed: exit code 3'])(
    'row 1 as it really looks with VAULT_ADDR unset, "%s": the variable',
    async (text) => {
      expect((await whyText(text)).told).toMatch(/cause VAULT_ADDR is not set or empty/)
    },
  )

  test('row 2, "HTTP 400 from /v1/auth/jwt/login": the wrong aud in id_tokens', async () => {
    expect((await whyText('HTTP 400 from /v1/auth/jwt/login')).told).toMatch(/cause .*aud under id_tokens/)
    const said = await whyLogin('nexus-ci', claimsOf('nexus-ci', { aud: 'https://vault.shared.cwiq.io' }))
    expect(said.code).toBe(1)
    expect(said.told).toContain('400 error validating token: invalid audience (aud) claim')
    expect(said.told).toContain('✗ aud https://vault.shared.cwiq.io, expected https://gitlab.shared.cwiq.io')
    expect(said.told).toContain('Verify the aud under id_tokens of the job')
  })

  test('row 3, "HTTP 403 from /v1/auth/jwt/login": no such mount or network; a job that is not bound gets a 400', async () => {
    const text = await whyText('HTTP 403 from /v1/auth/jwt/login')
    expect(text.told).toMatch(/cause .*no such auth mount or namespace.*token_bound_cidrs/)
    expect(text.told).toContain('A job that the role does not admit gets 400')
    const said = await whyLogin('nexus-ci', claimsOf('nexus-ci', { namespace_id: '10', job_namespace_id: '10' }))
    expect(said.told).toContain('400 error validating claims: claim "namespace_id" does not match')
    expect(said.told).toContain('✗ namespace_id "10", expected "9" roles/nexus-ci.yaml:')
    expect(said.told).toContain('The role does not admit this group')
  })

  test('row 4, "HTTP 403 when reading a secret path": the path is not in the policy', async () => {
    const said = await whyLogin('nexus-ci', claimsOf('nexus-ci'), '--path', 'secret/data/other')
    expect(said.code).toBe(1)
    expect(said.told).toContain('logged in, but its tokens may not read secret/data/other')
    expect(said.told).toContain('No rule of these policies matches the path')
    const error = '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}'
    expect((await whyText(error)).told).toMatch(/cause The token's policies do not grant this path/)
  })

  test('row 4 for a path written without data/: that is what it lacks', async () => {
    const said = await whyLogin('nexus-ci', claimsOf('nexus-ci'), '--path', 'secret/nexus/svc-orchestrator')
    expect(said.told).toContain('The path lacks data/')
    expect(said.told).toContain('secret/data/nexus/svc-orchestrator would be allowed')
  })

  test('row 5, "Empty VAULT_TOKEN after parsing": the login failed and curl -f hid its words', async () => {
    const said = await whyText('Empty VAULT_TOKEN after parsing')
    expect(said.told).toMatch(/cause The answer of the login held no client_token: the login failed, and curl -f/)
    expect(said.told).toMatch(/fix .*--fail-with-body/)
  })
})

describe(build, () => {
  test('its job as it is meant gets in and reads its token', async () => {
    const path = 'ci/data/metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens/build-token'
    expect((await whyLogin('build-token', claimsOf('build-token'), '--path', path)).code).toBe(0)
  })

  test('"Token Not Available": the variable is missing where the project is not the security one or the template is not extended', async () => {
    const said = await whyText('ERROR: missing SECURITY_PRIVATE_TOKEN')
    expect(said.told).toContain('(SECURITY_PRIVATE_TOKEN)')
    expect(said.told).toMatch(/cause .*project that has none .*does not extend the template/)
  })

  test('"Token Not Available" 1, not a security project: the login says of which group the token is', async () => {
    const canonical = { project_id: '278964', job_project_id: '278964', project_path: 'gitlab-org/omnibus-gitlab' }
    const group = { namespace_id: '9970', namespace_path: 'gitlab-org', job_namespace_id: '9970' }
    const said = await whyLogin('build-token', claimsOf('build-token', { ...canonical, ...group }))
    expect(said.told).toContain('✗ namespace_id "9970", expected "5"')
    expect(said.told).toContain('The role does not admit this group: the token is of 9970 (gitlab-org)')
  })

  test('"Token Not Available" 2, .with-build-token is not extended: there is no ID token', async () => {
    const said = await say(['access', 'why', '--role', 'build-token', '--token', '-'], { input: '' })
    expect(said.code).toBe(1)
    expect(joined(said.stdout)).toContain('400 missing token')
    expect(joined(said.stdout)).toContain('does not extend the template')
  })

  test('"Token Not Available" 3, the path in Vault: "metadata" is a folder there, below ci/data/', async () => {
    const path = 'ci/metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens/build-token'
    const said = await whyLogin('build-token', claimsOf('build-token'), '--path', path)
    expect(said.code).toBe(1)
    expect(said.told).toContain(`ci/data/${path.slice('ci/'.length)} would be allowed`)
    const found = await whyText('ERROR: Job failed: resolving secrets: secret not found: SECURITY_PRIVATE_TOKEN')
    expect(found.told).toMatch(/cause .*no such secret or field: a wrong mount, path or field/)
  })

  test('"Repository Access Denied", a 403 from a repository: the access token, not the server of secrets', async () => {
    const text =
      "fatal: unable to access 'https://gitlab.com/gitlab-org/security/gitlab.git/': The requested URL returned error: 403"
    const said = await whyText(text)
    expect(said.told).toMatch(/cause This refusal is of GitLab, not of the server of secrets: the access token/)
    expect(said.told).toMatch(/fix .*group.*ALTERNATIVE_SOURCES or SECURITY_SOURCES/)
  })

  test('"Vault Authentication Issues" 1, VAULT_ID_TOKEN: it is not declared', async () => {
    for (const text of ['{"errors":["missing token"]}', 'bash: VAULT_ID_TOKEN: unbound variable'])
      expect((await whyText(text)).told).toMatch(/cause The login sent an empty JWT: the job does not declare/)
  })

  test('"Vault Authentication Issues" 2, aud and the URL of the server: in what they differ', async () => {
    const said = await whyLogin('build-token', claimsOf('build-token', { aud: 'https://vault.example.com/' }))
    expect(said.told).toContain('400 error validating token: invalid audience (aud) claim')
    expect(said.told).toContain('The two audiences differ by the slash at the end')
  })

  test('"Vault Authentication Issues" 3, the project has no role permissions: which roles admit the token, and what is in the way', async () => {
    const claims = claimsOf('build-token', { namespace_id: '77', job_namespace_id: '77', namespace_path: 'team' })
    const survey = await say(['access', 'why', '--claims', '-'], { input: claims })
    expect(survey.code).toBe(1)
    expect(joined(survey.stdout)).toContain(
      'No role admits this token. nearest jwt/build-token fails only on namespace_id and job_namespace_id',
    )
    const forked = await whyLogin('build-token', claimsOf('build-token', fork))
    expect(forked.told).toContain("This is a fork's code")
  })

  test('a token of another GitLab: which mount trusts it', async () => {
    const said = await whyLogin('build-token', claimsOf('build-token', { iss: otherGitlab }))
    expect(said.told).toContain(`✗ iss ${otherGitlab}, expected ${gitlab}`)
    expect(said.told).toContain('VAULT_AUTH_PATH: jwt_cwiq')
  })
})
