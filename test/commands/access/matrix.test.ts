import { describe, expect, test } from 'vitest'
import { withFiles } from '../../support/files.ts'
import { joined, say } from './program.ts'

async function matrix(...words: readonly string[]) {
  const said = await say(['access', 'matrix', ...words])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.stdout
}

interface Report {
  readonly environments: readonly {
    readonly environment: string
    readonly roles: readonly {
      readonly mount: string
      readonly role: string
      readonly grants: readonly { readonly path: string; readonly capabilities: readonly string[] }[]
    }[]
  }[]
}

/** As the role files and policies of this repository say, one by one. */
const reached: Readonly<Record<string, readonly string[]>> = {
  'production jwt/build-token': [
    'ci/data/metadata/access_tokens/gitlab-com/gitlab-org/security/_group_access_tokens/build-token',
  ],
  'production jwt/myproject-production': ['ops/data/production/*'],
  'production jwt_cwiq/nexus-ci': [
    'secret/data/defectdojo/svc-orchestrator',
    'secret/data/nexus/svc-executor',
    'secret/data/nexus/svc-orchestrator',
    'secret/data/orchestrator/e2e-test-user',
    'secret/data/reportportal/svc-orchestrator',
    'secret/data/sonarqube/svc-orchestrator',
  ],
  'staging jwt/myproject-staging': ['ops/data/staging/*'],
}

describe("the repository's own configuration", () => {
  test('has every role of both environments, once, in order', async () => {
    const { environments } = JSON.parse(await matrix('--format', 'json')) as Report
    const own = ['jwt/vaultwright-apply', 'jwt/vaultwright-drift', 'jwt/vaultwright-plan']
    expect(
      environments.map(({ environment, roles }) => [environment, roles.map(({ mount, role }) => `${mount}/${role}`)]),
    ).toEqual([
      ['production', ['jwt/build-token', 'jwt/myproject-production', ...own, 'jwt_cwiq/nexus-ci']],
      ['staging', ['jwt/myproject-staging', ...own]],
    ])
  })

  test('lets jobs read their own secrets and nothing else', async () => {
    const { environments } = JSON.parse(await matrix('--format', 'json')) as Report
    for (const { environment, roles } of environments) {
      for (const { mount, role, grants } of roles.filter(({ role }) => !role.startsWith('vaultwright-'))) {
        const paths = reached[`${environment} ${mount}/${role}`]
        expect(grants.map(({ path, capabilities }) => [path, capabilities])).toEqual(
          paths?.map((path) => [path, ['read']]),
        )
      }
    }
  })

  test('lets only the apply role write policies', async () => {
    const { environments } = JSON.parse(await matrix('--format', 'json')) as Report
    const writers = environments.flatMap(({ roles }) =>
      roles.filter(({ grants }) =>
        grants.some(({ path, capabilities }) => path.startsWith('sys/policies/') && capabilities.includes('update')),
      ),
    )
    expect([...new Set(writers.map(({ role }) => role))]).toEqual(['vaultwright-apply'])
  })

  test('says who, from where and for how long', async () => {
    const text = joined(await matrix('-e', 'production'))
    expect(text).toContain('jwt/build-token roles/build-token.yaml:')
    expect(text).toMatch(/who group 9 on protected refs, no forks outside it/)
    expect(text).toContain(
      'from mount jwt_cwiq, issuer https://gitlab.shared.cwiq.io, audience https://gitlab.shared.cwiq.io, any network',
    )
    expect(text).toContain('token batch, 2m, policies default, myproject-production')
    expect(text).not.toContain('staging')
  })

  test('has one line a role and path in CSV', async () => {
    const lines = (await matrix('--format', 'csv', '-e', 'production')).trimEnd().split('\r\n')
    expect(lines[0]).toMatch(/^environment,server,mount,role,who,claims,/)
    expect(lines.filter((line) => line.startsWith('production,vault@1.21.0,jwt_cwiq,nexus-ci,'))).toHaveLength(6)
  })
})

describe('hostile names', () => {
  const files = {
    'environments/production.yaml': [
      'auth:',
      '  jwt:',
      '    type: jwt',
      '    config: { jwks_url: https://gitlab.example.com/-/jwks, bound_issuer: https://gitlab.example.com }',
      '',
    ].join('\n'),
    'roles/ci.yaml': [
      'environments: [production]',
      'role_type: jwt',
      'user_claim: project_id',
      'bound_audiences: ["=cmd|x"]',
      'bound_claims: { ref: "=HYPERLINK(1)<script>alert(1)</script>@all", project_id: "\\u202E42" }',
      'token_policies: [p]',
      '',
    ].join('\n'),
    'policies/p.hcl': 'path "=1+1<img src=x>|`*" {\n  capabilities = ["read"]\n}\n',
  }

  async function hostile(format: string) {
    const said = await say(['access', 'matrix', '--format', format], { cwd: withFiles(files) })
    expect(said.code).toBe(0)
    expect(said.stdout).not.toContain('\u202e')
    return said.stdout
  }

  test('are no markup in HTML', async () => {
    const html = await hostile('html')
    expect(html).not.toMatch(/<script|<img/)
    expect(html).toContain('&lt;script&gt;')
    expect(html).toContain('<code>=1+1&lt;img src=x&gt;|`*</code>')
  })

  test('are no markup, no mention and no column in Markdown', async () => {
    const markdown = await hostile('markdown')
    expect(markdown).not.toMatch(/<script|<img|@all/)
    const rows = markdown.split('\n').filter((line) => line.startsWith('| <code>'))
    expect(rows.map((row) => row.match(/\|/g)?.length)).toEqual([6])
  })

  test('are no formulas in CSV', async () => {
    const [, line = ''] = (await hostile('csv')).split('\r\n')
    expect(line).toContain(`,'=cmd|x,`)
    expect(line).toContain(`,'=1+1<img src=x>|\`*,`)
    expect(line).not.toMatch(/(^|,)"?[=+@-]/)
  })

  test('are spelled out for a terminal', async () => {
    expect(await hostile('text')).toContain('\\u202e42')
  })
})

test('a role that nobody can log in through, and policies that are described nowhere, are said to be that', async () => {
  const files = {
    'vaultwright.yaml': 'external_policies: [theirs]\n',
    'environments/production.yaml': [
      'auth:',
      '  jwt: { type: jwt, config: { jwks_url: https://g/-/jwks, bound_issuer: https://g } }',
      '',
    ].join('\n'),
    'roles/browser.yaml': [
      'environments: [production]',
      'role_type: oidc',
      'allowed_redirect_uris: [https://x]',
      'user_claim: sub',
      'bound_audiences: [a]',
      'token_policies: [theirs]',
      'token_no_default_policy: true',
      'token_ttl: 10m',
      'token_max_ttl: 1h',
      'token_num_uses: 1',
      'token_bound_cidrs: [10.0.0.0/8]',
      '',
    ].join('\n'),
  }
  const text = joined((await say(['access', 'matrix'], { cwd: withFiles(files) })).stdout)
  expect(text).toContain('who nobody: role_type is oidc')
  expect(text).toContain('networks 10.0.0.0/8')
  expect(text).toContain('token service, 10m, renewable up to 1h, 1 use, policies theirs')
  expect(text).toContain('may and whatever theirs grants, described nowhere here')
  expect(text).not.toContain('policy default grants')
})
