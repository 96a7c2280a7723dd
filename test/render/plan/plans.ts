import fc from 'fast-check'
import type { AuditedRequest, Verdict } from '../../../src/core/attribution.ts'
import type { Change } from '../../../src/core/change.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { type EnvironmentPlan, type Plan, planFormat } from '../../../src/core/plan.ts'
import { type Address, addressOf, type Desired, type Live } from '../../../src/core/resource.ts'

/** Plans for tests of rendering: small ones by hand, hostile ones by chance. */

export const server = {
  product: 'vault',
  version: '1.21.0',
  address: 'https://vault.example.com',
  namespace: '',
  clusterId: '',
} as const

function desired(spec: JsonObject, kind = 'toy', name = 'x'): Desired {
  const address = addressOf(kind, name)
  return { kind, address, path: `toys/${name}`, spec, needs: [], source: { file: `${name}.yaml`, line: 3, column: 1 } }
}

function live(spec: JsonObject, kind = 'toy', name = 'x'): Live {
  return { kind, address: addressOf(kind, name), path: `toys/${name}`, spec }
}

export function created(spec: JsonObject, kind?: string, name?: string): Change {
  const after = desired(spec, kind, name)
  return { action: 'create', address: after.address, after }
}

export function deleted(spec: JsonObject, kind?: string, name?: string): Change {
  const before = live(spec, kind, name)
  return { action: 'delete', address: before.address, before }
}

export function updated(fields: (Change & { action: 'update' })['fields'], meaning = true): Change {
  return { action: 'update', address: addressOf('toy', 'x'), before: live({}), after: desired({}), fields, meaning }
}

export function environmentOf(
  changes: readonly Change[],
  more: {
    readonly environment?: string
    readonly unmanaged?: readonly string[]
    readonly notices?: readonly string[]
  } = {},
): EnvironmentPlan {
  const { environment = 'production', unmanaged = [], notices = [] } = more
  return { environment, server, changes, unmanaged: unmanaged as Address[], notices }
}

export function planOf(...environments: EnvironmentPlan[]): Plan {
  return { format: planFormat, environments }
}

// biome-ignore format: a list of bits, not one a line
const bits = [
  '\x1b[31m', '\x1b]0;title\x07', '\u009b2J', '\r', '\n', '\t', '\0', '\u202e', '\u2066', '\u200b', '\u2028', '\ud800', '\u{e0041}',
  '\n/close', '/merge', '@all', '<script>', '</code>', '</details>', '<!--', '\n```\n', '````', '`', '~~~', '|', '](http://x)',
  '![', '[', '*', '_', '#1', '!2', '&amp;', '&#64;', 'www.example.com', 'https://example.com', '\\', '"', ':', '- ', '+ ', '漢', '🙂',
]

/** Text that tries to be something else: to a terminal, to Markdown, to GitLab. */
export const hostile = fc
  .array(fc.oneof(fc.constantFrom(...bits), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 6 })
  .map((parts) => parts.join(''))

const scalar = fc.oneof(hostile, fc.integer(), fc.boolean())
const spec = fc.dictionary(
  hostile,
  fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), fc.dictionary(hostile, scalar, { maxKeys: 3 })),
  { maxKeys: 4 },
)

const desiredObject = fc.record({ kind: hostile, address: hostile, file: hostile, spec }).map(
  ({ kind, address, file, spec }): Desired => ({
    kind,
    address: address as Address,
    path: '',
    spec: spec as JsonObject,
    needs: [],
    source: { file, line: 1, column: 1 },
  }),
)

const field = fc.record(
  {
    field: fc.array(hostile, { minLength: 1, maxLength: 2 }),
    before: fc.oneof(scalar, fc.array(scalar)),
    after: scalar,
  },
  { requiredKeys: ['field', 'after'] },
)

const change = fc.oneof(
  desiredObject.map((after): Change => ({ action: 'create', address: after.address, after })),
  desiredObject.map(
    ({ needs: _, source: __, ...before }): Change => ({ action: 'delete', address: before.address, before }),
  ),
  fc.tuple(desiredObject, fc.array(field, { maxLength: 3 }), fc.boolean()).map(
    ([after, fields, meaning]): Change => ({
      action: 'update',
      address: after.address,
      before: live({}),
      after,
      fields,
      meaning,
    }),
  ),
)

const audited = fc
  .record({ id: hostile, time: hostile, operation: hostile, path: hostile, namespace: hostile, name: hostile })
  .chain(({ name, ...request }) =>
    fc
      .record({
        from: hostile,
        forwardedFrom: hostile,
        fields: fc.array(hostile),
        metadata: fc.dictionary(hostile, hostile),
      })
      .map(
        ({ metadata, ...more }): AuditedRequest => ({
          ...request,
          ...more,
          does: 'write',
          outcome: 'done',
          who: { name, policies: [name], metadata },
        }),
      ),
  )

/** What a log of strangers says of each object of the plan. */
function attributed(plan: EnvironmentPlan, request: AuditedRequest, reason: string, verdict: Verdict): EnvironmentPlan {
  const addresses = [...plan.changes.map(({ address }) => address), ...plan.unmanaged]
  const objects = addresses.map((address) => ({
    address,
    verdict,
    reason,
    made: [{ request: request.id, fields: request.fields }],
    requests: [request],
    refused: [request],
    more: { requests: 1, refused: 1 },
  }))
  return { ...plan, attribution: { from: reason, to: reason, objects } }
}

const verdicts = ['verified', 'unverified', 'elsewhere', 'untouched'] as const

const hostileEnvironment = fc
  .record({
    environment: hostile,
    version: hostile,
    address: hostile,
    namespace: hostile,
    changes: fc.array(change, { maxLength: 4 }),
    unmanaged: fc.array(hostile, { maxLength: 3 }),
    notices: fc.array(hostile, { maxLength: 3 }),
    request: audited,
    verdict: fc.constantFrom(...verdicts),
  })
  .map(({ version, address, namespace, changes, request, verdict, ...rest }) => ({
    ...attributed(environmentOf(changes, rest), request, rest.environment, verdict),
    server: { ...server, version, address, namespace },
  }))

export const hostilePlan = fc
  .array(hostileEnvironment, { minLength: 1, maxLength: 2 })
  .map((environments) => planOf(...environments))
