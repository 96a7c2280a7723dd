import { findLockouts } from '../../../src/commands/session/lockouts.ts'
import type { PlannedPart } from '../../../src/commands/session/planning.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import type { Address, Live } from '../../../src/core/resource.ts'
import { VaultError, type VaultReader } from '../../../src/core/server.ts'
import type { Refusal } from '../../../src/engine/objections/brake.ts'
import { planEnvironment } from '../../../src/engine/plan.ts'
import { kinds } from '../../../src/kinds/index.ts'
import type { TokenIdentity } from '../../../src/vault/identity.ts'
import { environmentOf, type Files, loadFiles } from '../../support/files.ts'

const server = { product: 'vault', version: '1.21.0', address: 'http://v', namespace: '', clusterId: '' } as const

/** What the mount, the pipeline's roles and their policies are like in docs/gitlab-pipeline.md. */
export const usual = {
  environment: {
    type: 'jwt',
    config: {
      oidc_discovery_url: 'https://gitlab.example.com',
      bound_issuer: 'https://gitlab.example.com',
    } as JsonObject,
    more: 'owns: { policies: ["*"] }\nunmanaged: delete\n',
  },
  role: {
    role_type: 'jwt',
    user_claim: 'project_id',
    bound_audiences: ['https://vault.example.com'],
    bound_claims: {
      project_id: '7',
      job_project_id: '7',
      pipeline_source: ['push', 'web'],
      ref_path: 'refs/heads/main',
    },
    token_policies: ['vaultwright-apply'],
    token_no_default_policy: true,
  } as JsonObject,
  policy: [
    'path "sys/auth" { capabilities = ["read"] }',
    'path "sys/mounts/auth/jwt/tune" { capabilities = ["update"] }',
    'path "sys/policies/acl" { capabilities = ["list"] }',
    'path "sys/policies/acl/*" { capabilities = ["read", "update", "delete"] }',
    'path "auth/jwt/config" { capabilities = ["read", "update"] }',
    'path "auth/jwt/role" { capabilities = ["list"] }',
    'path "auth/jwt/role/*" { capabilities = ["create", "read", "update", "delete"] }',
  ] as readonly string[],
}

export interface Change {
  readonly config?: JsonObject
  readonly role?: JsonObject
  readonly policy?: readonly string[]
  readonly environment?: string
  /** Files over these; undefined leaves one out. */
  readonly files?: Files
}

/** A configuration of one environment with an apply role; what is not changed is as usual. */
export function files({ config, role, policy = usual.policy, environment, files: more = {} }: Change = {}): Files {
  const mount = { type: 'jwt', config: config ?? usual.environment.config }
  return {
    'environments/production.yaml': environment ?? `auth:\n  jwt: ${JSON.stringify(mount)}\n${usual.environment.more}`,
    'roles/vaultwright-apply.yaml': `environments: [production]\n${yaml({ ...usual.role, ...role })}`,
    'policies/vaultwright-apply.hcl': `${policy.join('\n')}\n`,
    ...more,
  }
}

function yaml(fields: JsonObject): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('')
}

export interface Asking {
  readonly token?: TokenIdentity
  /** What the server has besides, by API path; 'forbidden' for what may not be read. */
  readonly beside?: Readonly<Record<string, JsonObject | 'forbidden'>>
}

/** Who would be locked out by a plan from what the first files say to what the second ones say. */
export async function lockoutsBetween(
  before: Files,
  after: Files,
  { token, beside = {} }: Asking = {},
): Promise<Refusal[]> {
  const was = environmentOf(await loadFiles(before))
  const configuration = await loadFiles(after)
  const environment = environmentOf(configuration)
  const lives = was.desired.map(({ source: _, needs: __, ...live }): Live => live)
  const objects = new Map<Address, Live>(lives.map((live) => [live.address, live]))
  const described = new Set(environment.desired.map(({ address }) => address))
  const unmanaged = lives.filter(({ address }) => !described.has(address))
  const input = { kinds, environment, server, live: { objects, unmanaged, contents: new Map() } }
  const { plan } = planEnvironment(input)
  const part: PlannedPart = { target: 'one', reader: readerOf(beside), input, plan }
  return findLockouts(configuration, [part], token)
}

function readerOf(beside: Readonly<Record<string, JsonObject | 'forbidden'>>): VaultReader {
  return {
    server,
    async read(path) {
      const found = beside[path]
      if (found === 'forbidden') throw new VaultError(403, 'GET', path, ['permission denied'])
      return found
    },
    list: async () => undefined,
  }
}
