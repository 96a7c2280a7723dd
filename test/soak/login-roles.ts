import fc from 'fast-check'
import type { Written, WrittenObject } from '../../src/access/login/json-number.ts'
import { boundValue, name, oddValue, seldom, wellFormed } from './login-values.ts'

const durations = fc.constantFrom<Written>(0, 1, 60, '90s', '1h', '5m', '40d', 2764801, '0')
const leeways = fc.constantFrom<Written>(0, 1, -1, 10, 100, '5m', '-1s')
const harmless = fc.constantFrom<Written>(
  ['a', 'B', ' c '],
  'x,y,X',
  [],
  '',
  'default',
  ['root', 'a'],
  ['ünïcode', 'İ', 'É'],
  ['p-{{.project_id}}', '{{ .ref }}', 'q'],
  ['{{.missing}}'],
  ['{{- .num -}} x', '{{.groups}}'],
)

const policies = fc.oneof(
  { weight: 12, arbitrary: harmless },
  fc.constantFrom<Written>(['Root ', 'a'], ['response-wrapping'], ['control-group', 'z']),
)

const plainFields: Readonly<Record<string, fc.Arbitrary<Written>>> = {
  bound_audiences: fc.constantFrom<Written>(
    'https://vault.example.com',
    ['https://vault.example.com', 'b'],
    'a,b',
    [],
    [''],
  ),
  bound_subject: wellFormed,
  bound_claims: fc.dictionary(name, boundValue, { maxKeys: 3, noNullPrototype: true }),
  bound_claims_type: fc.constantFrom('string', 'glob', 'glob'),
  claim_mappings: fc.dictionary(
    name,
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('one', 'two', 'three') },
      fc.constantFrom('', 'role', 'ünï', 'a b', 'vault-x', 'a'.repeat(129)),
    ),
    {
      maxKeys: 3,
      noNullPrototype: true,
    },
  ),
  user_claim_json_pointer: fc.constantFrom<Written>(true, false, 'true', 1),
  groups_claim: name,
  expiration_leeway: leeways,
  not_before_leeway: leeways,
  clock_skew_leeway: leeways,
  token_ttl: durations,
  token_max_ttl: durations,
  token_explicit_max_ttl: durations,
  token_period: durations,
  token_policies: policies,
  token_num_uses: fc.constantFrom<Written>(0, 1, 5, '7', -1),
  token_type: fc.constantFrom('', 'default', 'service', 'batch', 'default-batch', 'odd'),
  token_no_default_policy: fc.constantFrom<Written>(true, false, 'true'),
  token_bound_cidrs: fc.constantFrom<Written>(
    '127.0.0.1',
    ['127.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8'],
    '::1/128',
    '2001:DB8::/32,127.0.0.1/32',
    ['127.0.0.1:80'],
    ['::ffff:127.0.0.1'],
    ['nonsense'],
    [],
  ),
  policies,
  ttl: durations,
  max_ttl: durations,
  period: durations,
  num_uses: fc.constantFrom<Written>(0, 3),
  bound_cidrs: fc.constantFrom<Written>('127.0.0.1', ['10.0.0.0/8'], ['nonsense']),
  oidc_scopes: fc.constantFrom<Written>('a,b', []),
  allowed_redirect_uris: fc.constantFrom<Written>('http://x', []),
  verbose_oidc_logging: fc.boolean(),
  max_age: durations,
  token_strictly_bind_ip: fc.boolean(),
  token_policies_template_claims: fc.constantFrom<Written>(true, true, false),
  callback_mode: fc.constantFrom('client', 'direct', 'odd'),
  poll_interval: fc.constantFrom<Written>(0, 5, '6'),
  oauth2_metadata: fc.constantFrom<Written>('id_token', ['id_token', 'odd'], []),
  oidc_disable_confirmation: fc.boolean(),
  no_such_field: wellFormed,
}

/** What the server takes in nearly every combination. */
const soundFields: Readonly<Record<string, fc.Arbitrary<Written>>> = {
  bound_claims: fc.dictionary(name, boundValue, { maxKeys: 3, noNullPrototype: true }),
  claim_mappings: fc
    .uniqueArray(name, { maxLength: 3 })
    .map((names) => Object.fromEntries(names.map((claim, index) => [claim, ['one', 'two', 'three'][index] as string]))),
  user_claim_json_pointer: fc.boolean(),
  groups_claim: name,
  expiration_leeway: leeways,
  not_before_leeway: leeways,
  clock_skew_leeway: leeways,
  token_max_ttl: fc.constantFrom<Written>(0, '2h', '40d'),
  token_explicit_max_ttl: durations,
  token_num_uses: fc.constantFrom<Written>(0, 1, 5),
  token_no_default_policy: fc.boolean(),
  token_bound_cidrs: fc.constantFrom<Written>('127.0.0.1', ['127.0.0.0/8', '10.0.0.0/8'], ['10.1.2.3/8'], []),
  token_policies_template_claims: fc.boolean(),
  num_uses: fc.constantFrom<Written>(0, 3),
  bound_subject: fc.constantFrom('main', ''),
}

const soundTtl = fc.record({
  token_ttl: fc.constantFrom<Written>(0, 1, 60, '90s', '1h'),
  token_type: fc.constantFrom('', 'default', 'service'),
  token_period: fc.constantFrom<Written>(0, 0, 60, '100m'),
})

const sound: fc.Arbitrary<WrittenObject> = fc
  .record({
    user_claim: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('user', 'project_id', 'ref') }, name),
    bound_audiences: fc.constantFrom<Written>('https://vault.example.com', ['https://vault.example.com', 'b'], 'a,b'),
    token_policies: policies,
    fields: fc.subarray(Object.keys(soundFields), { maxLength: 5 }),
    values: fc.record(soundFields),
    glob: fc.boolean(),
    token: fc.oneof({ weight: 4, arbitrary: soundTtl }, { weight: 1, arbitrary: fc.constant({ token_type: 'batch' }) }),
  })
  .map(({ fields, values, glob, token, ...always }) => {
    const role: WrittenObject = {
      role_type: 'jwt',
      ...always,
      ...token,
      ...Object.fromEntries(fields.map((field) => [field, values[field] as Written])),
    }
    return glob && 'bound_claims' in role ? withGlobs(role) : role
  })

/** Globs must be texts. */
function withGlobs(role: WrittenObject): WrittenObject {
  const bounds = Object.entries(role['bound_claims'] as WrittenObject).map(([claim, value]) => [
    claim,
    (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string'),
  ])
  return { ...role, bound_claims_type: 'glob', bound_claims: Object.fromEntries(bounds) }
}

/** Fields that most roles have; the others come up in one of some. */
const usual = ['bound_claims', 'bound_audiences', 'token_policies', 'token_ttl']
const rare = Object.keys(plainFields).filter((field) => !usual.includes(field))

const wild: fc.Arbitrary<WrittenObject> = fc
  .record({
    role_type: fc.oneof({ weight: 30, arbitrary: fc.constant('jwt') }, fc.constantFrom('oidc', '', 'odd')),
    user_claim: fc.oneof({ weight: 10, arbitrary: fc.constantFrom('user', 'project_id', 'ref') }, name),
    usual: fc.subarray(usual, { minLength: 1 }),
    rare: fc.subarray(rare, { maxLength: 5 }),
    values: fc.record(plainFields),
    odd: seldom(3, fc.tuple(fc.constantFrom(...Object.keys(plainFields), 'role_type', 'user_claim'), oddValue)),
  })
  .map(({ role_type, user_claim, usual, rare, values, odd }) => ({
    role_type,
    user_claim,
    ...Object.fromEntries([...usual, ...rare].map((field) => [field, values[field] as Written])),
    ...(odd === null ? {} : { [odd[0]]: odd[1] }),
  }))

/** A role as written: three of four the server takes, most of the others have something wrong. */
export const writtenRole = fc.oneof({ weight: 3, arbitrary: sound }, { weight: 1, arbitrary: wild })
