import { modelOf } from '../../src/access/model.ts'
import { parsePolicy } from '../../src/access/policy/parse.ts'
import { noSettings } from '../../src/config/settings.ts'
import type { GitlabSettings, SecretUse } from '../../src/core/configuration.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { kindOf } from '../../src/core/kind.ts'
import { addressOf, type Desired } from '../../src/core/resource.ts'
import { assumedServer, type ServerVersion } from '../../src/core/version.ts'
import { kinds } from '../../src/kinds/index.ts'
import type { Finding, LintSubject, Rule } from '../../src/lint/rule.ts'
import { environmentOf } from '../support/toy-kinds.ts'

/** Fields over others; undefined takes one away. */
export type Changes = Readonly<Record<string, JsonObject[string] | undefined>>

/** What a careful person binds a role of production to: no rule has anything to say about it. */
const careful: JsonObject = {
  project_id: '42',
  job_project_id: '42',
  ref_path: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  environment: 'production',
  environment_protected: 'true',
  environment_action: 'start',
  pipeline_source: ['push'],
}

const goodRole: JsonObject = {
  role_type: 'jwt',
  user_claim: 'project_id',
  bound_audiences: ['https://vault.example.com'],
  bound_claims: careful,
  token_policies: ['reader'],
  token_type: 'batch',
  token_ttl: '5m',
}

const reader = 'path "ops/data/app/*" { capabilities = ["read"] }'

/** The careful claims with some changes. */
export function boundTo(changes: Changes): { readonly bound_claims: JsonObject } {
  return { bound_claims: over(careful, changes) }
}

/** These claims and no other. */
export function boundOnlyTo(claims: JsonObject): { readonly bound_claims: JsonObject } {
  return { bound_claims: claims }
}

export interface World {
  readonly environment?: string
  /** Changes of the good role, which is called "ci". */
  readonly role?: Changes
  readonly config?: JsonObject
  readonly tune?: JsonObject
  /** Texts by name, beside "reader". */
  readonly policies?: Readonly<Record<string, string>>
  readonly secrets?: Readonly<Record<string, SecretUse>>
  readonly gitlab?: GitlabSettings
  readonly server?: ServerVersion
}

/** An environment with the mount "jwt" and its role; not through files, which refuse some of what rules look for. */
export function subjectOf(world: World = {}): LintSubject {
  const { environment = 'production', gitlab = {}, server = assumedServer, tune = {}, secrets } = world
  const { config = { oidc_discovery_url: 'https://git.example.com', bound_issuer: 'https://git.example.com' } } = world
  const texts = { reader, ...world.policies }
  const desired = [
    object('auth-mount', ['jwt'], { type: 'jwt', tune }),
    object('jwt-config', ['jwt'], config),
    object('jwt-role', ['jwt', 'ci'], over(goodRole, world.role ?? {})),
    ...Object.entries(texts).map(([name, policy]) => object('policy', [name], { policy })),
  ]
  return {
    environment: environmentOf(desired, {
      name: environment,
      server,
      secrets: secrets === undefined ? {} : { [addressOf('jwt-role', 'jwt', 'ci')]: secrets },
    }),
    settings: { ...noSettings, gitlab },
    model: modelOf(desired, { kinds, server }),
    policies: new Map(Object.entries(texts).map(([name, text]) => [name, parsePolicy(name, text, server)])),
  }
}

function over(spec: JsonObject, changes: Changes): JsonObject {
  const fields = Object.entries({ ...spec, ...changes }).filter(([, value]) => value !== undefined)
  return Object.fromEntries(fields) as JsonObject
}

function object(kindName: string, names: readonly string[], spec: JsonObject): Desired {
  const kind = kindOf(kinds, kindName)
  const source = { file: 'files.yaml', line: 1, column: 1 }
  return { ...kind.identify(...names), spec: kind.canonical(spec), needs: [], source }
}

export function findings(rule: Rule, world: World = {}): Finding[] {
  return [...rule.check(subjectOf(world))]
}

/** `field: message`, for each finding. */
export function found(rule: Rule, world: World = {}): string[] {
  return findings(rule, world).map(({ field, message }) => `${field.join('.')}: ${message}`)
}
