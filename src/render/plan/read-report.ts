import * as z from 'zod'
import type { Change, FieldChange } from '../../core/change.ts'
import type { JsonObject } from '../../core/json.ts'
import { type EnvironmentPlan, type Plan, planFormat } from '../../core/plan.ts'
import { besideChanges } from '../../core/plan-shape.ts'
import type { Address, Desired, Live } from '../../core/resource.ts'
import { reportFormat } from './json.ts'

/** Reads back what json.ts writes: the one form of a plan that there also is when it must not be applied. */

const text = z.string()
const anyObject = z.record(text, z.unknown())
const source = z.object({ file: text, line: z.number(), column: z.number() })
const [subject, field] = [{ address: text, kind: text }, z.object({ field: text })]

const changeSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), ...subject, source, after: anyObject }),
  z.object({ action: z.literal('update'), ...subject, source, fields: z.array(field), meaning: z.boolean() }),
  z.object({ action: z.literal('delete'), ...subject, before: anyObject }),
])

const schema = z.object({
  format: z.literal(reportFormat),
  question: z.literal('plan'),
  environments: z.array(z.object({ ...besideChanges, changes: z.array(changeSchema) })),
})

interface FieldReport {
  readonly field: string
  readonly before?: FieldChange['before']
  readonly after?: FieldChange['after']
}

type ChangeReport = z.infer<typeof changeSchema> & { readonly fields: readonly FieldReport[] }

/**
 * A plan with all that formats show of it. It cannot be applied: a report does not say what it rests on.
 *
 * @returns for anything but the report of a plan, where it is not as one is written, such as `environments.0.changes`
 */
export function planOfReport(value: unknown): { readonly plan: Plan } | { readonly wrong: string } {
  const { error } = schema.safeParse(value)
  if (error !== undefined) return { wrong: error.issues[0]?.path.join('.') ?? '' }
  // Not what was parsed: that leaves out a claim called "__proto__".
  const { environments } = value as { readonly environments: readonly EnvironmentReport[] }
  return { plan: { format: planFormat, environments: environments.map(environmentOf) } }
}

type EnvironmentReport = Omit<EnvironmentPlan, 'changes'> & { readonly changes: readonly ChangeReport[] }

/** Where nothing changes, a plan says nothing of access; a report always does. Who did it is no question of a plan. */
function environmentOf({ changes, access, attribution: _, ...rest }: EnvironmentReport): EnvironmentPlan {
  const said = changes.length === 0 || access === undefined ? {} : { access }
  return { ...rest, ...said, changes: changes.map(changeOf) }
}

function changeOf(report: ChangeReport): Change {
  const address = report.address as Address
  const live = (spec: JsonObject): Live => ({ kind: report.kind, address, path: '', spec })
  switch (report.action) {
    case 'create':
      return { action: 'create', address, after: desiredOf(report, report.after as JsonObject) }
    case 'update': {
      const { meaning } = report
      const fields = report.fields.map((one) => ({ ...one, field: keysOf(one.field) }))
      return { action: 'update', address, before: live({}), after: desiredOf(report, {}), fields, meaning }
    }
    case 'delete':
      return { action: 'delete', address, before: live(report.before as JsonObject) }
  }
}

function desiredOf(report: ChangeReport & { readonly action: 'create' | 'update' }, spec: JsonObject): Desired {
  const { kind, address, source } = report
  return { kind, address: address as Address, path: '', spec, needs: [], source }
}

/** The keys of `formatField`: a quoted one may hold anything. */
function keysOf(formatted: string): string[] {
  const keys = formatted.match(/"(?:[^"\\]|\\.)*"|[^."]+/g) ?? []
  return keys.map((key) => (key.startsWith('"') ? (parsed(key) ?? key) : key))
}

function parsed(key: string): string | undefined {
  try {
    return JSON.parse(key) as string
  } catch {
    return undefined
  }
}
