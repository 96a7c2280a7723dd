import { byText } from '../../core/json.ts'
import type { ServerVersion } from '../../core/version.ts'
import type { MergedRule } from '../acl/decision.ts'
import type { Capability } from '../policy/policy.ts'
import { viewOf } from './describe.ts'
import { bit, bitsOf } from './grants.ts'

const demandsKnown = new WeakMap<MergedRule, Map<boolean, string>>()

/** What a rule demands of a request besides its capability, in words; empty for nothing. */
export function demandsOf(rule: MergedRule, capability: Capability): string {
  const lists = viewOf(capability) === 'lists'
  const known = demandsKnown.get(rule) ?? new Map<boolean, string>()
  demandsKnown.set(rule, known)
  const text = known.get(lists) ?? demandsText(rule, lists)
  known.set(lists, text)
  return text
}

function demandsText(rule: MergedRule, lists: boolean): string {
  const texts = [
    ...(rule.minWrappingTtl ? [`min_wrapping_ttl ${rule.minWrappingTtl}s`] : []),
    ...(rule.maxWrappingTtl ? [`max_wrapping_ttl ${rule.maxWrappingTtl}s`] : []),
    ...(lists ? listDemands(rule) : parameterDemands(rule)),
  ]
  return texts.join(', ')
}

function listDemands({ paginationLimit, listScanResponseKeysFilterPath }: MergedRule): readonly string[] {
  return [
    ...(paginationLimit ? [`pagination_limit ${paginationLimit}`] : []),
    ...(listScanResponseKeysFilterPath ? [`keys filtered by ${listScanResponseKeysFilterPath}`] : []),
  ]
}

function parameterDemands(rule: MergedRule): readonly string[] {
  const required = [...(rule.requiredParameters ?? [])].map((name) => name.toLowerCase()).sort(byText)
  return [
    ...(required.length > 0 ? [`required_parameters ${required.join(', ')}`] : []),
    ...valuesText('allowed_parameters', rule.allowedParameters),
    ...valuesText('denied_parameters', rule.deniedParameters),
  ]
}

function valuesText(name: string, values: MergedRule['allowedParameters']): readonly string[] {
  if (values === undefined || values.size === 0) return []
  const texts = [...values].map(([parameter, list]) => {
    const sorted = [...new Set(list.map((value) => JSON.stringify(value)))].sort(byText)
    return sorted.length === 0 ? parameter : `${parameter} = ${sorted.join(' or ')}`
  })
  return [`${name} ${texts.sort(byText).join(', ')}`]
}

/** Whether none of the others allows it under the same demands. */
export function isAltered(
  rule: MergedRule,
  others: readonly (MergedRule | undefined)[],
  capability: Capability,
  server: ServerVersion,
): boolean {
  const demands = demandsOf(rule, capability)
  return !others.some(
    (other) =>
      other !== undefined &&
      (bitsOf(other, server) & bit(capability)) !== 0 &&
      demandsOf(other, capability) === demands,
  )
}
