import { describe, expect, test } from 'vitest'
import { difference } from '../../../src/access/proof/difference.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { model, policyText, type Sketch } from '../../support/access-models.ts'

/** What reviewers have to be told, change by change: the lines were written down before the code that says them. */

const read = policyText({ 'ops/data/*': 'read' })
const policies = { p: read }

type Claims = Readonly<Record<string, string | readonly string[]>>

/** One role "ci" with these bounds of project 42. */
function ci(claims: Claims, fields: JsonObject = {}): Readonly<Record<string, JsonObject>> {
  return { ci: { bound_claims: { project_id: '42', ...claims }, token_policies: ['p'], ...fields } }
}

function bound(bound_claims: Claims, fields: JsonObject = {}): JsonObject {
  return { bound_claims, token_policies: ['p'], ...fields }
}

const protectedRefs = ci({ ref_protected: 'true' })
const production = {
  project_id: '42',
  job_project_id: '42',
  ref_type: 'branch',
  ref: 'main',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  environment: 'production',
  environment_protected: 'true',
  environment_action: 'start',
  pipeline_source: 'push',
}

interface Change {
  readonly name: string
  readonly before: Sketch
  readonly after: Sketch
  readonly lines: readonly string[]
}

const gitlab = 'https://gitlab.example.com'
const other = 'https://git.example.org'
const discovery = (url: string) => ({ oidc_discovery_url: url, bound_issuer: url })

const fourteenPaths = Object.fromEntries(
  Array.from({ length: 14 }, (_, i) => [`secret/data/team/app${String(i).padStart(2, '0')}`, 'read']),
)

const changes: readonly Change[] = [
  {
    name: 'a new environment',
    before: {},
    after: { policies, roles: { deploy: bound(production) } },
    lines: [
      'gain: tokens of project 42 on protected branch main for protected environment production in push pipelines (environment_action start) gain read on ops/data/*',
    ],
  },
  {
    name: 'a role is deleted',
    before: { policies, roles: protectedRefs },
    after: { policies },
    lines: ['loss: tokens of project 42 on protected refs lose read on ops/data/*'],
  },
  {
    name: 'a policy is widened',
    before: { policies, roles: protectedRefs },
    after: {
      policies: { p: policyText({ 'ops/data/*': 'read', 'ops/data/production/*': 'read update' }) },
      roles: protectedRefs,
    },
    lines: ['gain: tokens of project 42 on protected refs gain update on ops/data/production/*'],
  },
  {
    name: 'a policy is emptied',
    before: { policies, roles: protectedRefs },
    after: { policies: { p: policyText({ 'ops/data/*': '' }) }, roles: protectedRefs },
    lines: ['loss: tokens of project 42 on protected refs lose read on ops/data/*'],
  },
  {
    name: 'a claim is dropped',
    before: { policies, roles: ci({ ref_path: 'refs/heads/main', ref_protected: 'true' }) },
    after: { policies, roles: ci({ ref_path: 'refs/heads/main' }) },
    lines: [
      'gain: role jwt/ci now admits unprotected refs: tokens of project 42 on unprotected branch main gain read on ops/data/*',
    ],
  },
  {
    name: 'a claim is added',
    before: { policies, roles: ci({}) },
    after: { policies, roles: protectedRefs },
    lines: [
      'loss: role jwt/ci no longer admits unprotected refs: tokens of project 42 on unprotected refs lose read on ops/data/*',
    ],
  },
  {
    name: 'a claim becomes a glob',
    before: { policies, roles: ci({ environment: 'review/main' }) },
    after: { policies, roles: ci({ environment: 'review/*' }, { bound_claims_type: 'glob' }) },
    lines: [
      'gain: role jwt/ci now admits environments review/* other than review/main: tokens of project 42 for environments review/* other than review/main gain read on ops/data/*',
    ],
  },
  {
    name: 'a claim takes one more value',
    before: { policies, roles: ci({ pipeline_source: ['push'] }) },
    after: { policies, roles: ci({ pipeline_source: ['push', 'merge_request_event', 'schedule'] }) },
    lines: [
      'gain: role jwt/ci now admits merge-request and scheduled pipelines: tokens of project 42 in merge-request and scheduled pipelines gain read on ops/data/*',
    ],
  },
  {
    name: 'a claim takes another value',
    before: { policies, roles: ci({ environment: 'staging' }) },
    after: { policies, roles: ci({ environment: 'production' }) },
    lines: [
      'gain: role jwt/ci now admits environment production: tokens of project 42 for environment production gain read on ops/data/*',
      'loss: role jwt/ci no longer admits environment staging: tokens of project 42 for environment staging lose read on ops/data/*',
    ],
  },
  {
    name: 'branches become tags',
    before: { policies, roles: ci({ ref_type: 'branch', ref: 'main' }) },
    after: { policies, roles: ci({ ref_type: 'tag', ref: 'v*' }, { bound_claims_type: 'glob' }) },
    lines: [
      'gain: role jwt/ci now admits tags v*: tokens of project 42 on tags v* gain read on ops/data/*',
      'loss: role jwt/ci no longer admits branch main: tokens of project 42 on branch main lose read on ops/data/*',
    ],
  },
  {
    name: 'two claims are dropped at once',
    before: { policies, roles: ci({ ref_protected: 'true', environment: 'production' }) },
    after: { policies, roles: ci({}) },
    lines: [
      'gain: role jwt/ci now admits unprotected refs, and environments other than production, or none: such tokens of project 42 gain read on ops/data/*',
    ],
  },
  {
    name: 'the project that runs the job is no longer asked for',
    before: { policies, roles: ci({ job_project_id: '42' }) },
    after: { policies, roles: ci({}) },
    lines: [
      'gain: role jwt/ci now admits jobs run in projects other than 42: tokens of project 42 run in projects other than 42 gain read on ops/data/*',
    ],
  },
  {
    name: 'the project is no longer asked for',
    before: { policies, roles: { ci: bound({ project_id: '42', ref: 'main' }) } },
    after: { policies, roles: { ci: bound({ ref: 'main' }) } },
    lines: [
      'gain: role jwt/ci now admits projects other than 42: tokens of projects other than 42 on ref main gain read on ops/data/*',
    ],
  },
  {
    name: 'a role admits more and gives more',
    before: { policies, roles: protectedRefs },
    after: { policies: { p: policyText({ 'ops/data/*': 'read list' }) }, roles: ci({}) },
    lines: [
      'gain: role jwt/ci now admits unprotected refs: tokens of project 42 on unprotected refs gain list and read on ops/data/*',
      'gain: tokens of project 42 on protected refs gain list on ops/data/*',
    ],
  },
  {
    name: 'a claim is dropped while an unrelated role admits some of the same tokens',
    before: {
      policies,
      roles: { ...protectedRefs, build: bound({ job_namespace_id: '5', user_login: 'bot', ref_type: 'branch' }) },
    },
    after: {
      policies,
      roles: { ...ci({}), build: bound({ job_namespace_id: '5', user_login: 'bot', ref_type: 'branch' }) },
    },
    lines: [
      'gain: role jwt/ci now admits unprotected refs: tokens of project 42 on unprotected refs gain read on ops/data/*',
    ],
  },
  {
    name: 'roles whose tokens are a part of another role',
    before: {
      policies,
      roles: {
        all: bound({ project_id: '7' }),
        main: bound({ project_id: '7', ref_path: 'refs/heads/main' }),
        nightly: bound({ project_id: '7', ref_path: 'refs/heads/main', pipeline_source: 'schedule' }),
      },
    },
    after: {
      policies: { p: policyText({ 'ops/data/*': 'read list' }) },
      roles: {
        all: bound({ project_id: '7' }),
        main: bound({ project_id: '7', ref_path: 'refs/heads/main' }),
        nightly: bound({ project_id: '7', ref_path: 'refs/heads/main', pipeline_source: 'schedule' }),
      },
    },
    lines: ['gain: tokens of project 7 gain list on ops/data/*'],
  },
  {
    name: 'many projects, and many paths',
    before: {},
    after: {
      policies: { p: policyText(fourteenPaths) },
      roles: Object.fromEntries(['9', '10', '11', '12', '13'].map((id) => [`p${id}`, bound({ project_id: id })])),
    },
    lines: [
      'gain: tokens of 5 projects (9, 10, 11, …) gain read on 14 paths under secret/data/team (secret/data/team/app00, secret/data/team/app01, secret/data/team/app02, …)',
    ],
  },
  {
    name: 'roles with nothing in common get more',
    before: { policies, roles: unlike() },
    after: { policies: { p: policyText({ 'ops/data/*': 'read list' }) }, roles: unlike() },
    lines: ['gain: tokens of 5 roles (jwt/branch, jwt/group, jwt/pipeline, …) gain list on ops/data/*'],
  },
  {
    name: 'a role gets another name',
    before: { policies, roles: { old: bound(production) } },
    after: { policies, roles: { new: bound(production) } },
    lines: [],
  },
  {
    name: 'a role gets another name and loses a bound',
    before: { policies, roles: { old: bound({ project_id: '42', ref_protected: 'true' }) } },
    after: { policies, roles: { new: bound({ project_id: '42' }) } },
    lines: ['gain: tokens of project 42 on unprotected refs gain read on ops/data/*'],
  },
  {
    name: 'a role without policies',
    before: {},
    after: { roles: ci({}, { token_policies: [] }) },
    lines: ['gain: tokens of project 42 can now log in, with no rights'],
  },
  {
    name: 'the server’s own policy comes and goes',
    before: { policies, roles: ci({}, { token_no_default_policy: false }) },
    after: { policies, roles: ci({}) },
    lines: ['loss: tokens of project 42 lose what the policy "default" grants'],
  },
  {
    name: 'tokens live longer, are of another type and bound to networks',
    before: { policies, roles: ci({}, { token_ttl: 300, token_bound_cidrs: ['10.0.0.0/8'] }) },
    after: { policies, roles: ci({}, { token_ttl: 3600, token_type: 'batch' }) },
    lines: [
      'change: tokens of role jwt/ci now are batch tokens instead of service ones',
      'change: tokens of role jwt/ci now can be got and used from anywhere instead of only from 10.0.0.0/8',
      'change: tokens of role jwt/ci now live 1h instead of 5m',
    ],
  },
  {
    name: 'a rule demands more',
    before: { policies: { p: policyText({ 'ops/data/*': 'update', 'ops/x': 'update' }) }, roles: ci({}) },
    after: {
      policies: {
        p: ['ops/data/*', 'ops/x']
          .map((path) => `path "${path}" { capabilities = ["update"] required_parameters = ["ttl"] }`)
          .join('\n'),
      },
      roles: ci({}),
    },
    lines: ['change: tokens of project 42 now have update on ops/data/* and ops/x with required_parameters ttl'],
  },
  {
    name: 'the mount comes to trust another issuer',
    before: { policies, roles: protectedRefs, config: discovery(gitlab) },
    after: { policies, roles: protectedRefs, config: discovery(other) },
    lines: [
      `gain: mount jwt now takes tokens of ${other}, and they get what its role gives`,
      `loss: mount jwt no longer takes tokens of ${gitlab}`,
    ],
  },
  {
    name: 'the mount no longer asks who issued a token',
    before: { policies, roles: protectedRefs, config: discovery(gitlab) },
    after: { policies, roles: protectedRefs, config: { oidc_discovery_url: gitlab } },
    lines: [
      `gain: mount jwt now takes tokens of any issuer signed by the keys of ${gitlab}, and they get what its role gives`,
    ],
  },
  {
    name: 'the keys of the same issuer come from elsewhere',
    before: { policies, roles: protectedRefs, config: { jwks_url: `${gitlab}/keys`, bound_issuer: gitlab } },
    after: { policies, roles: protectedRefs, config: { jwks_url: `${other}/keys`, bound_issuer: gitlab } },
    lines: [
      `gain: mount jwt now takes tokens of ${gitlab} signed by the keys of ${other}/keys, and they get what its role gives`,
      `loss: mount jwt no longer takes tokens of ${gitlab} signed by the keys of ${gitlab}/keys`,
    ],
  },
  {
    name: 'keys in the configuration itself change',
    before: {
      policies,
      roles: protectedRefs,
      config: { jwt_validation_pubkeys: ['a', 'b'], bound_issuer: gitlab, jwt_supported_algs: ['RS256'] },
    },
    after: {
      policies,
      roles: protectedRefs,
      config: { jwt_validation_pubkeys: ['b', 'c'], bound_issuer: gitlab },
    },
    lines: [
      'gain: mount jwt now trusts another signing key: whoever holds it gets what its role gives',
      'loss: mount jwt no longer trusts one of its signing keys',
      'change: mount jwt now takes signatures by any algorithm instead of RS256',
    ],
  },
  {
    name: 'a role takes another audience',
    before: { policies, roles: ci({}) },
    after: { policies, roles: ci({}, { bound_audiences: ['https://vault.example.com', 'https://other.example.com'] }) },
    lines: [
      'gain: role jwt/ci now admits audience https://other.example.com: tokens of project 42 with audience https://other.example.com gain read on ops/data/*',
    ],
  },
  {
    name: 'a policy that nobody describes',
    before: { policies, roles: ci({}) },
    after: { policies, roles: ci({}, { token_policies: ['p', 'mystery'] }) },
    lines: ['beyond: the policy "mystery" is not described here, so what it grants or hides is not known'],
  },
  {
    name: 'a path for whoever the token belongs to',
    before: { policies, roles: ci({}) },
    after: { policies: { p: policyText({ 'own/{{identity.entity.name}}/*': 'read' }) }, roles: ci({}) },
    lines: [
      'gain: tokens of project 42 gain read on own/{{identity.entity.name}}/*',
      'loss: tokens of project 42 lose read on ops/data/*',
    ],
  },
]

function unlike(): Readonly<Record<string, JsonObject>> {
  return {
    branch: bound({ project_id: '1', ref_path: 'refs/heads/main' }),
    group: bound({ namespace_id: '5', environment: 'staging' }),
    pipeline: bound({ project_id: '2', pipeline_source: 'push' }),
    tag: bound({ project_id: '3', ref_type: 'tag' }),
    user: bound({ project_id: '4', user_login: 'jane' }),
  }
}

describe('what a reviewer reads of a change', () => {
  test.each(changes)('$name', ({ before, after, lines }) => {
    const { effects, beyond } = difference(model(before), model(after))
    expect([
      ...effects.map(({ effect, text }) => `${effect}: ${text}`),
      ...beyond.map(({ reason }) => `beyond: ${reason}`),
    ]).toEqual(lines)
  })
})
