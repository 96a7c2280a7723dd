import type { AccessModel, ModelMount } from '../../src/access/model.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { assumedServer, type ServerVersion } from '../../src/core/version.ts'

/** A model as short as it can be said: roles of one mount, and policies by name. */
export interface Sketch {
  readonly server?: ServerVersion
  /** Over what every role has; null takes a field away. */
  readonly roles?: Readonly<Record<string, JsonObject>>
  readonly policies?: Readonly<Record<string, string>>
  readonly config?: JsonObject
  readonly tune?: JsonObject
  readonly mount?: string
}

const everyRole: JsonObject = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault.example.com'],
  token_no_default_policy: true,
}

export function model({
  server = assumedServer,
  roles = {},
  policies = {},
  config,
  tune = {},
  mount = 'jwt',
}: Sketch): AccessModel {
  const jwt: ModelMount = {
    path: mount,
    type: 'jwt',
    tune,
    config: config ?? { oidc_discovery_url: 'https://gitlab.example.com', bound_issuer: 'https://gitlab.example.com' },
    roles: new Map(Object.entries(roles).map(([name, role]) => [name, { mount, name, role: filled(role) }])),
  }
  return {
    server,
    namespace: '',
    mounts: new Map([[mount, jwt]]),
    policies: new Map(Object.entries(policies).map(([name, text]) => [name, { name, text }])),
  }
}

function filled(role: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries({ ...everyRole, ...role }).filter(([, value]) => value !== null))
}

/** `path "<path>" { capabilities = [...] }` for each path; capabilities with spaces between them. */
export function policyText(rules: Readonly<Record<string, string>>): string {
  return Object.entries(rules)
    .map(
      ([path, capabilities]) =>
        `path ${JSON.stringify(path)} { capabilities = ${JSON.stringify(words(capabilities))} }`,
    )
    .join('\n')
}

function words(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}
