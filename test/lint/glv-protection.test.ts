import { describe, expect, test } from 'vitest'
import { glv09 } from '../../src/lint/rules/glv09-unprotected-ref.ts'
import { glv12 } from '../../src/lint/rules/glv12-branch-or-tag.ts'
import { glv13 } from '../../src/lint/rules/glv13-loose-ref.ts'
import { glv14 } from '../../src/lint/rules/glv14-merge-requests.ts'
import { glv15 } from '../../src/lint/rules/glv15-free-environment.ts'
import { glv16 } from '../../src/lint/rules/glv16-free-edition.ts'
import { glv17 } from '../../src/lint/rules/glv17-environment-action.ts'
import { glv29 } from '../../src/lint/rules/glv29-any-pipeline-file.ts'
import { boundOnlyTo, boundTo, type Changes, found, type World } from './glv.ts'

const glob = { bound_claims_type: 'glob' }
const writer = 'path "ops/data/app/*" { capabilities = ["create", "update"] }'
const administrator = 'path "sys/policies/acl/*" { capabilities = ["update"] }'

/** A role that nothing but its policy makes important. */
function plain(policy: string, claims = { project_id: '42' }): World {
  return {
    environment: 'staging',
    policies: { special: policy },
    role: { ...boundOnlyTo(claims), token_policies: ['special'] },
  }
}

describe('GLV09: open to unprotected branches', () => {
  test.each<[string, World, string]>([
    ['may change something', plain(writer), 'may change "ops/data/app/*"'],
    ['may change something anywhere', plain('path "*" { capabilities = ["delete"] }'), 'may change "*"'],
    ['needs sudo', plain('path "sys/raw/x" { capabilities = ["read", "sudo"] }'), 'may change "sys/raw/x"'],
    [
      'may write a folder of its own',
      plain('path "ops/data/{{identity.entity.id}}/*" { capabilities = ["patch"] }'),
      'may change',
    ],
    ['reads what is production’s', { role: boundTo({ ref_protected: undefined }) }, 'the environment "production"'],
    [
      'is for another tier',
      { environment: 'staging', role: boundOnlyTo({ deployment_tier: 'production' }) },
      'deployment_tier',
    ],
    ['lies in production', { role: boundOnlyTo({ project_id: '42' }) }, 'belongs to the environment production'],
    [
      'names a policy that is not known',
      { role: { ...boundOnlyTo({ project_id: '42' }), token_policies: ['theirs'] } },
      'belongs to the environment production',
    ],
  ])('is found where the role %s', (_, world, reason) => {
    expect(found(glv09, world)).toEqual([expect.stringContaining(reason)])
  })

  test.each<[string, Changes]>([
    ['both values', boundTo({ ref_protected: ['true', 'false'] })],
    ['the wrong value', boundTo({ ref_protected: 'false' })],
    ['any value', { ...boundTo({ ref_protected: '*' }), ...glob }],
  ])('is found with %s', (_, role) => {
    expect(found(glv09, { role })).toEqual([expect.stringMatching(/^bound_claims\.ref_protected: /)])
  })

  test.each<[string, World]>([
    ['a protected ref', {}],
    ['a protected ref as a glob that nothing else fits', { role: { ...boundTo({ ref_protected: 't*' }), ...glob } }],
    ['a role of staging that only reads', { environment: 'staging', role: boundOnlyTo({ project_id: '42' }) }],
    ['a token that ends itself', plain('path "auth/token/revoke-self" { capabilities = ["update"] }')],
    ['its own cubbyhole', plain('path "cubbyhole/*" { capabilities = ["update"] }')],
    ['writing that a deny takes back', plain(`${writer}\npath "ops/data/app/*" { capabilities = ["deny"] }`)],
    [
      'a plan of production, which reads the server’s own paths',
      { ...plain('path "sys/policies/acl/*" { capabilities = ["read"] }'), environment: 'production' },
    ],
    [
      'an environment called pre-production',
      { environment: 'pre-production', role: boundOnlyTo({ project_id: '42' }) },
    ],
  ])('is not found with %s', (_, world) => {
    expect(found(glv09, world)).toEqual([])
  })

  test.each(['prod', 'production', 'eu-prod', 'prod2', 'Production', 'review/prod'])(
    'knows %s as production',
    (name) => {
      expect(found(glv09, { environment: name, role: boundOnlyTo({ project_id: '42' }) })).toHaveLength(1)
    },
  )

  test.each(['staging', 'non-prod', 'preprod', 'products', 'reproduction'])(
    'does not take %s for production',
    (name) => {
      expect(found(glv09, { environment: name, role: boundOnlyTo({ project_id: '42' }) })).toEqual([])
    },
  )
})

describe('GLV12: a branch that may be a tag', () => {
  test('is found for a ref alone', () => {
    expect(found(glv12, { role: boundOnlyTo({ project_id: '42', ref: ['main', 'next'] }) })).toEqual([
      'bound_claims.ref: role jwt/ci wants ref to be one of "main", "next", and a tag may be called so as well as a branch',
    ])
  })

  test.each<[string, Changes]>([
    ['no ref', boundOnlyTo({ project_id: '42' })],
    ['the type', boundOnlyTo({ ref: 'main', ref_type: 'branch' })],
    ['the whole path', boundOnlyTo({ ref: 'a', ref_path: 'refs/tags/a' })],
  ])('is not found with %s', (_, role) => {
    expect(found(glv12, { role })).toEqual([])
  })
})

describe('GLV13: a ref that anybody can name', () => {
  test.each([
    ['ref', 'main*', 'main-evil'],
    ['ref', '*', 'evil'],
    ['ref', '*-stable', 'evil-stable'],
    ['ref_path', 'refs/heads/main*', 'refs/heads/main-evil'],
  ])('is found in %s %s', (claim, value, evil) => {
    expect(found(glv13, { role: { ...boundTo({ [claim]: value, ref_protected: undefined }), ...glob } })).toEqual([
      `bound_claims.${claim}: role jwt/ci admits ${claim} "${value}", so also "${evil}"`,
    ])
  })

  test('is not found where a "/" stands before the "*", nor without globs', () => {
    const any = { ref_protected: undefined }
    expect(found(glv13, { role: { ...boundTo({ ref: 'release/*', ...any }), ...glob } })).toEqual([])
    expect(found(glv13, { role: boundTo({ ref: 'main*', ...any }) })).toEqual([])
  })

  test('is not found where GitLab has to protect the name, which it does by wildcards as well', () => {
    const tags = (ref_protected: string | readonly string[]) => ({
      role: { ...boundTo({ ref_path: 'refs/tags/v*', ref_type: 'tag', ref_protected }), ...glob },
    })
    expect(found(glv13, tags('true'))).toEqual([])
    expect(found(glv13, tags(['true', 'false']))).toEqual([
      'bound_claims.ref_path: role jwt/ci admits ref_path "refs/tags/v*", so also "refs/tags/v-evil"',
    ])
  })
})

describe('GLV14: applies from merge requests', () => {
  test.each<[string, World]>([
    ['nothing said of the source', { role: boundTo({ pipeline_source: undefined }) }],
    ['merge requests in the list', { role: boundTo({ pipeline_source: ['push', 'merge_request_event'] }) }],
    ['a glob that fits them', { role: { ...boundTo({ pipeline_source: 'm*' }), ...glob } }],
    ['a role that writes, wherever', plain(writer)],
  ])('is found with %s', (_, world) => {
    expect(found(glv14, world)).toHaveLength(1)
  })

  test.each<[string, World]>([
    ['sources without merge requests', { role: boundTo({ pipeline_source: ['push', 'web'] }) }],
    ['a glob that does not fit them', { role: { ...boundTo({ pipeline_source: 'p*' }), ...glob } }],
    [
      'tags, which merge requests never are',
      { role: boundTo({ pipeline_source: undefined, ref_type: 'tag', ref_path: undefined }) },
    ],
    [
      'tags by their path',
      { role: boundTo({ pipeline_source: undefined, ref_type: undefined, ref_path: 'refs/tags/v1' }) },
    ],
    ['a role that only reads', plain('path "ops/data/*" { capabilities = ["read"] }')],
  ])('is not found with %s', (_, world) => {
    expect(found(glv14, world)).toEqual([])
  })
})

describe('GLV15: an environment that any job can name', () => {
  test.each<[string, Changes]>([
    ['environment_protected: "true" and ref_protected: "true"', boundOnlyTo({ environment: 'staging' })],
    ['environment_protected: "true"', boundTo({ environment_protected: undefined })],
    ['ref_protected: "true"', boundOnlyTo({ environment: 'a', environment_protected: 'true' })],
    ['ref_protected: "true"', boundOnlyTo({ environment: 'a', environment_protected: 'true', ref_protected: 'false' })],
  ])('is found without %s', (missing, role) => {
    expect(found(glv15, { role })).toEqual([expect.stringMatching(`^bound_claims.environment: .* without ${missing}$`)])
  })

  test('is not found with both, nor without an environment', () => {
    expect(found(glv15)).toEqual([])
    expect(
      found(glv15, { role: boundOnlyTo({ environment: 'a', environment_protected: 'true', ref: 'main' }) }),
    ).toEqual([])
    expect(found(glv15, { role: boundOnlyTo({ project_id: '42' }) })).toEqual([])
  })

  test('asks GitLab Free for no protected environment, which it does not have', () => {
    const role = boundOnlyTo({ environment: 'staging', ref_protected: 'true' })
    expect(found(glv15, { role, gitlab: { edition: 'free' } })).toEqual([])
    expect(found(glv15, { role, gitlab: { edition: 'premium' } })).toHaveLength(1)
  })
})

test('GLV16: environment_protected is an error in GitLab Free only', () => {
  expect(found(glv16, { gitlab: { edition: 'free' } })).toEqual([
    expect.stringMatching(/^bound_claims\.environment_protected: /),
  ])
  expect(found(glv16, { gitlab: { edition: 'premium' } })).toEqual([])
  expect(found(glv16)).toEqual([])
  const role = boundTo({ environment_protected: ['true', 'false'] })
  expect(found(glv16, { role, gitlab: { edition: 'free' } })).toEqual([])
})

describe('GLV17: jobs that only look at an environment', () => {
  test('is found without an action, and with one that deploys nothing', () => {
    expect(found(glv17, { role: boundTo({ environment_action: undefined }) })).toEqual([
      expect.stringContaining('jobs with action prepare, verify and access'),
    ])
    expect(found(glv17, { role: boundTo({ environment_action: ['start', 'verify'] }) })).toEqual([
      expect.stringMatching(/^bound_claims\.environment_action: .* with action verify, /),
    ])
  })

  test('is not found with start or stop, without an environment, nor in a GitLab that has no such claim', () => {
    expect(found(glv17, { role: boundTo({ environment_action: ['start', 'stop'] }) })).toEqual([])
    expect(found(glv17, { role: boundOnlyTo({ project_id: '42' }) })).toEqual([])
    const role = boundTo({ environment_action: undefined })
    expect(found(glv17, { role, gitlab: { version: '16.4' } })).toEqual([])
  })
})

describe('GLV29: much power, and any pipeline file', () => {
  test.each<[string, World]>([
    ['may change policies', plain(administrator)],
    ['may change roles', plain('path "auth/+/role/*" { capabilities = ["create"] }')],
    ['may change everything', plain('path "+/*" { capabilities = ["update"] }')],
    ['may change something of production', { ...plain(writer), environment: 'production' }],
  ])('is found where the role %s', (_, world) => {
    expect(found(glv29, world)).toHaveLength(1)
  })

  test.each<[string, World]>([
    ['a role that only reads production', {}],
    ['a role that writes secrets of staging', plain(writer)],
    [
      'a bound pipeline file',
      {
        ...plain(administrator),
        role: {
          ...boundTo({ ci_config_ref_uri: 'git.example.com/a/b//.gitlab-ci.yml@refs/heads/main' }),
          token_policies: ['special'],
        },
      },
    ],
    ['a GitLab that has no such claim', { ...plain(administrator), gitlab: { version: '16.1' } }],
  ])('is not found with %s', (_, world) => {
    expect(found(glv29, world)).toEqual([])
  })
})
