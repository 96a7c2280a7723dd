import type { AccessReport } from '../../core/access-effect.ts'
import type { AttributionReport } from '../../core/attribution.ts'
import { type Action, type Change, type FieldChange, formatField } from '../../core/change.ts'
import type { Source } from '../../core/diagnostic.ts'
import { byText, isObject, type JsonValue } from '../../core/json.ts'
import { type Counts, countChanges, type EnvironmentPlan, type Plan, type PlannedObjection } from '../../core/plan.ts'
import type { Address } from '../../core/resource.ts'
import type { ServerInfo } from '../../core/server.ts'
import { visibleJson } from '../visible.ts'
import { kindOfChange, sourceOf } from '../words.ts'
import type { Question, Renderer, RenderOptions } from './renderer.ts'
import { fieldsOf } from './rows.ts'

/** Raised when a reader of an older report would misunderstand a newer one; new keys do not raise it. docs/report.md */
export const reportFormat = 'vaultwright-report/1'

interface Report {
  readonly format: typeof reportFormat
  readonly question: Question
  readonly environments: readonly EnvironmentReport[]
  readonly summary: Counts
}

interface EnvironmentReport {
  readonly environment: string
  readonly server: ServerInfo
  readonly summary: Counts
  readonly changes: readonly ChangeReport[]
  readonly access: AccessReport
  readonly unmanaged: readonly Address[]
  /** Where audit logs were given and something drifted. */
  readonly attribution?: AttributionReport
  readonly notices: readonly string[]
  /** Where there are any. */
  readonly objections?: readonly PlannedObjection[]
  /** Where there are any. */
  readonly allowed?: readonly string[]
}

interface ChangeReport {
  readonly action: Action
  readonly address: Address
  readonly kind: string
  readonly source?: Source
  readonly fields: readonly { readonly field: string; readonly before?: JsonValue; readonly after?: JsonValue }[]
  /** Of updates only. */
  readonly meaning?: boolean
  readonly before?: JsonValue
  readonly after?: JsonValue
}

/** For programs. Keys stand in the order in which docs/report.md names them, those of specs by name. */
export const json: Renderer = {
  plan(plan: Plan, { question }: RenderOptions): string {
    const report: Report = {
      format: reportFormat,
      question,
      environments: plan.environments.map(environmentReport),
      summary: countChanges(plan.environments),
    }
    return document(report)
  },
}

/** A JSON document as every report is printed: indented by two, one line break at its end, nothing hidden in it. */
export function document(report: object): string {
  return `${visibleJson(JSON.stringify(report, undefined, 2))}\n`
}

function environmentReport(plan: EnvironmentPlan): EnvironmentReport {
  const { product, version, address, namespace, clusterId } = plan.server
  return {
    environment: plan.environment,
    server: { product, version, address, namespace, clusterId },
    summary: countChanges([plan]),
    changes: plan.changes.map(changeReport),
    access: plan.access ?? { effects: [], beyond: [] },
    unmanaged: plan.unmanaged,
    ...(plan.attribution === undefined ? {} : { attribution: plan.attribution }),
    notices: plan.notices,
    ...(plan.objections === undefined ? {} : { objections: plan.objections.map(objectionReport) }),
    ...(plan.allowed === undefined ? {} : { allowed: plan.allowed }),
  }
}

function objectionReport({ code, message, help, allow }: PlannedObjection): PlannedObjection {
  return { code, message, help, ...(allow === undefined ? {} : { allow }) }
}

function changeReport(change: Change): ChangeReport {
  const source = sourceOf(change)
  return {
    action: change.action,
    address: change.address,
    kind: kindOfChange(change),
    ...(source === undefined ? {} : { source: sourceReport(source) }),
    fields: fieldsOf(change).map(fieldReport),
    ...(change.action === 'update' ? { meaning: change.meaning } : {}),
    ...(change.action === 'create' ? {} : { before: sorted(change.before.spec) }),
    ...(change.action === 'delete' ? {} : { after: sorted(change.after.spec) }),
  }
}

export function sourceReport({ file, line, column }: Source): Source {
  return { file, line, column }
}

function fieldReport({ field, before, after }: FieldChange): ChangeReport['fields'][number] {
  return {
    field: formatField(field),
    ...(before === undefined ? {} : { before: sorted(before) }),
    ...(after === undefined ? {} : { after: sorted(after) }),
  }
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort(byText)
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] as JsonValue)]))
}
