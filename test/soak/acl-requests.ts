import fc from 'fast-check'
import { buildAcl } from '../../src/access/acl/acl.ts'
import { decide } from '../../src/access/acl/decide.ts'
import type { AccessDecision, Operation } from '../../src/access/acl/decision.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'
import { meets, type ServerVersion } from '../../src/core/version.ts'
import { type AclWorld, aclWorld, Disagreement, parsed, write } from './acl-world.ts'
import { type Client, call, must } from './client.ts'
import type { Tally } from './tally.ts'

/** A block whose paths begin at the mount, and what it asks of parameters and wrapping. */
interface ParameterBlock {
  readonly path: string
  readonly capabilities: readonly string[]
  readonly allowed?: Values | undefined
  readonly denied?: Values | undefined
  readonly required?: readonly string[] | undefined
  readonly minWrappingTtl?: number | undefined
  readonly maxWrappingTtl?: number | undefined
  readonly paginationLimit?: number | undefined
}

type Values = Readonly<Record<string, readonly JsonValue[]>>

interface GeneratedRequest {
  readonly method: 'POST' | 'GET' | 'LIST' | 'DELETE' | 'PATCH' | 'SCAN'
  readonly mount: 'kv1' | 'kv2'
  readonly exists: boolean
  readonly body: JsonObject
  readonly limit?: string | undefined
  readonly wrapTtl?: number | undefined
}

export interface RequestCase {
  readonly policies: readonly (readonly ParameterBlock[])[]
  readonly requests: readonly GeneratedRequest[]
}

const expected = fc.constantFrom<JsonValue>(
  ...['x', 'y', 'x*', '*y', '*x*', '*', '**', '', 'x,y', 'é', 'é*'],
  ...[true, false, 1, 1.5],
  ...[['x'], ['x', 'y'], [], [true], [['x']], { k: 'v' }, { k: { k: 'v' } }, { k: ['x'] }],
)
const sent = fc.constantFrom<JsonValue>(
  ...['x', 'xy', 'y', '', 'x,y', ' x , xy ', 'x,z', '*', 'z', 'é', '\u0085x', '\ufeffx', 'true', '1'],
  ...[true, false, 1, 1.5, null],
  ...[
    ['x'],
    ['x', 'y'],
    ['y', 'x'],
    ['x', 'z'],
    [],
    [1],
    [true],
    [['x']],
    { k: 'v' },
    { k: { k: 'v' } },
    { k: ['x'] },
    {},
  ],
)

const names = ['a', 'b', 'B', 'ab']
/** Of two names that differ in case the server keeps one by chance, so there are none such in a block. */
const values = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names, '*'), fc.array(expected, { maxLength: 4 })), {
    selector: ([name]) => name.toLowerCase(),
    maxLength: 3,
  })
  .map((entries) => Object.fromEntries(entries))
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => sometimes(sometimes(arbitrary))
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => sometimes(seldom(arbitrary))

function parameterBlock(server: ServerVersion): fc.Arbitrary<ParameterBlock> {
  const openbao = server.product === 'openbao'
  const capabilities = ['create', 'update', 'read', 'patch', 'list', 'delete', ...(openbao ? ['scan'] : [])]
  const block: fc.Arbitrary<ParameterBlock> = fc.record({
    path: fc.constantFrom(
      '*',
      '*',
      '*',
      '*',
      '*',
      '*',
      '+/here',
      '+/gone',
      'data/*',
      'here',
      'gone',
      'metadata/*',
      'data/+',
      '+',
    ),
    capabilities: fc.oneof(
      { weight: 3, arbitrary: fc.constant(capabilities) },
      { weight: 1, arbitrary: fc.subarray(capabilities, { minLength: 3 }) },
    ),
    allowed: sometimes(values),
    denied: sometimes(values),
    required: seldom(fc.subarray(['a', 'B', 'limit'], { minLength: 1 })),
    minWrappingTtl: rarely(fc.constantFrom(10, 60)),
    maxWrappingTtl: rarely(fc.constantFrom(30, 60, 90)),
    paginationLimit: meets(server, { openbao: '2.2' }) ? sometimes(fc.constantFrom(1, 5)) : fc.constant(undefined),
  })
  // The server refuses a block whose limits exclude each other; by merging it may still come to that.
  return block.filter(({ minWrappingTtl = 0, maxWrappingTtl = 99 }) => minWrappingTtl <= maxWrappingTtl)
}

function generatedRequest(server: ServerVersion): fc.Arbitrary<GeneratedRequest> {
  const methods = ['POST', 'POST', 'POST', 'POST', 'GET', 'GET', 'LIST', 'DELETE', 'PATCH'] as const
  return fc.record({
    method: fc.constantFrom(...methods, ...(server.product === 'openbao' ? (['SCAN'] as const) : [])),
    mount: fc.constantFrom('kv1', 'kv2'),
    exists: fc.boolean(),
    body: fc.dictionary(fc.constantFrom(...names, 'A', 'c'), sent, { maxKeys: 3 }),
    limit: sometimes(fc.constantFrom('1', '5', '6', '0', '-1', 'max', 'many', '')),
    wrapTtl: sometimes(fc.constantFrom(5, 20, 60, 100)),
  })
}

export function requestCase(server: ServerVersion): fc.Arbitrary<RequestCase> {
  return fc.record({
    policies: fc.array(fc.array(parameterBlock(server), { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 3,
    }),
    requests: fc.array(generatedRequest(server), { minLength: 1, maxLength: 20, size: 'max' }),
  })
}

/** Two kv mounts with an object each, and tokens whose policies can be written anew. */
export async function requestWorld(client: Client, prefix: string): Promise<AclWorld> {
  for (const version of ['1', '2'])
    await must(client, 'POST', `sys/mounts/${prefix}-kv${version}`, { type: 'kv', options: { version } })
  const world = await aclWorld(client, prefix)
  for (const mount of ['kv1', 'kv2'] as const) await create(client, prefix, mount)
  return world
}

/** Sends the case's requests and throws where the server refuses one that we would not, or the other way round. */
export async function compareRequests(world: AclWorld, prefix: string, one: RequestCase, tally: Tally): Promise<void> {
  const { client, names: policyNames, server } = world
  const texts = one.policies.map((blocks) =>
    blocks
      .flatMap((block) => onBoth(prefix, block))
      .map(hclOf)
      .join('\n'),
  )
  await write(world, texts)
  const policies = texts.map((text, index) => parsed(policyNames[index] as string, text, server))
  const acl = buildAcl(policies, server)
  const token = world.tokens[one.policies.length - 1] as string
  for (const request of one.requests) {
    const sending = wireOf(prefix, request)
    const { status } = await call({ ...client, token }, request.method, sending.url, sending.body, sending.headers)
    const decision = decide(acl, {
      ...sending.asked,
      ...(request.wrapTtl !== undefined && { wrapTtl: request.wrapTtl }),
    })
    if (decision.allowed === (status === 403))
      throw new Disagreement(`${request.method} ${sending.url} answered ${status}; we: ${describe(decision)}`)
    tally.count([sending.asked.operation, describe(decision), ...(request.wrapTtl === undefined ? [] : ['wrapped'])])
    if (status < 300 && request.method === 'POST' && !request.exists) await remove(client, prefix, request.mount)
    if (status < 300 && request.method === 'DELETE' && request.exists) await create(client, prefix, request.mount)
  }
}

function describe({ allowed, denial }: AccessDecision): string {
  return allowed ? 'allowed' : `refused for ${denial?.why}`
}

interface Wire {
  readonly url: string
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly asked: { readonly operation: Operation; readonly path: string; readonly parameters: JsonObject }
}

function wireOf(prefix: string, { method, mount, exists, body, limit, wrapTtl }: GeneratedRequest): Wire {
  const listing = method === 'LIST' || method === 'SCAN'
  const root = `${prefix}-${mount}`
  const folder = mount === 'kv1' ? root : `${root}/${listing ? 'metadata' : 'data'}`
  const path = listing ? folder : `${folder}/${exists ? 'here' : 'gone'}`
  const headers = {
    ...(wrapTtl !== undefined && { 'x-vault-wrap-ttl': String(wrapTtl) }),
    ...(method === 'PATCH' && { 'content-type': 'application/merge-patch+json' }),
  }
  if (method === 'POST' || method === 'PATCH') {
    const operation = method === 'PATCH' ? 'patch' : exists ? 'update' : 'create'
    return { url: path, body, headers, asked: { operation, path, parameters: body } }
  }
  const parameters = listing ? (limit === undefined ? {} : { limit }) : method === 'GET' ? queryOf(body) : {}
  const operation = listing ? (method === 'LIST' ? 'list' : 'scan') : method === 'GET' ? 'read' : 'delete'
  return { url: `${path}${searchOf(parameters)}`, body: undefined, headers, asked: { operation, path, parameters } }
}

/** What of a body can stand in a query: texts, and lists of two and more. */
function queryOf(body: JsonObject): JsonObject {
  const fit = ([, value]: [string, JsonValue]) =>
    typeof value === 'string' ||
    (Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'string'))
  return Object.fromEntries(Object.entries(body).filter(fit))
}

function searchOf(parameters: JsonObject): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    for (const item of [value].flat()) search.append(name, String(item))
  return search.size === 0 ? '' : `?${search}`
}

async function create(client: Client, prefix: string, mount: 'kv1' | 'kv2'): Promise<void> {
  await must(client, 'POST', `${prefix}-${mount === 'kv1' ? mount : 'kv2/data'}/here`, { data: { a: 'x' } })
}

async function remove(client: Client, prefix: string, mount: 'kv1' | 'kv2'): Promise<void> {
  await must(client, 'DELETE', `${prefix}-${mount === 'kv1' ? mount : 'kv2/metadata'}/gone`)
}

function onBoth(prefix: string, block: ParameterBlock): readonly ParameterBlock[] {
  return ['kv1', 'kv2'].map((mount) => ({ ...block, path: `${prefix}-${mount}/${block.path}` }))
}

function hclOf(block: ParameterBlock): string {
  const settings: readonly (readonly [string, JsonValue | undefined])[] = [
    ['capabilities', block.capabilities],
    ['allowed_parameters', block.allowed],
    ['denied_parameters', block.denied],
    ['required_parameters', block.required],
    ['min_wrapping_ttl', block.minWrappingTtl],
    ['max_wrapping_ttl', block.maxWrappingTtl],
    ['pagination_limit', block.paginationLimit],
  ]
  const lines = settings.flatMap(([name, value]) => (value === undefined ? [] : `  ${name} = ${hclValue(value)}`))
  return `path "${block.path}" {\n${lines.join('\n')}\n}`
}

function hclValue(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(hclValue).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, item]) => `"${name}" = ${hclValue(item)}`)
    .join('\n')} }`
}
