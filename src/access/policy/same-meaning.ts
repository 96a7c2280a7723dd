import { type JsonValue, stableStringify } from '../../core/json.ts'
import { newestServers, type ServerVersion } from '../../core/version.ts'
import { parsePolicy } from './parse.ts'
import type { ParameterValue, ParameterValues, PathRule } from './policy.ts'
import { storedPolicyText } from './stored-text.ts'

/**
 * Whether two texts surely mean the same to every server, whoever asks for whatever: the same rules, in an order that
 * cannot matter. A doubt counts as a difference, and so does a text that no server takes.
 */
export function samePolicyMeaning(before: string, after: string): boolean {
  if (before === after) return true
  const meanings = Object.values(newestServers).map(
    (server) => [meaning(before, server), meaning(after, server)] as const,
  )
  return meanings.every(([old, now]) => old === now) && meanings.some(([old]) => old !== undefined)
}

/** Equal for equal rules; undefined for a text that the server refuses. */
function meaning(text: string, server: ServerVersion): string | undefined {
  const stored = storedPolicyText(text)
  if ('refused' in stored) return undefined
  // As if nothing had expired yet: when a block ends is a part of what it means.
  const parsed = parsePolicy('', stored.text, server, { now: Number.NEGATIVE_INFINITY })
  return 'policy' in parsed ? stableStringify(arranged(parsed.policy.rules)) : undefined
}

/**
 * Rules of different patterns never meet, so only those of one pattern keep their order: of several filters the first
 * wins. Templates may be filled in to one pattern; with a filter about, no order is given up.
 */
function arranged(rules: readonly PathRule[]): JsonValue {
  const inOrder =
    rules.some(({ templated }) => templated) &&
    rules.some(({ listScanResponseKeysFilterPath }) => listScanResponseKeysFilterPath !== undefined)
  if (inOrder) return rules.map(plainRule)
  const byPattern = new Map<string, JsonValue[]>()
  for (const rule of rules) {
    const pattern = `${rule.match} ${rule.pattern}`
    byPattern.set(pattern, [...(byPattern.get(pattern) ?? []), plainRule(rule)])
  }
  return Object.fromEntries(byPattern)
}

/** A template's leading `/` is taken off only after it is filled in, so there the path as written counts. */
function plainRule({ position: _, written, ...rule }: PathRule): JsonValue {
  return {
    ...rule,
    written: rule.templated ? written : '',
    capabilities: [...rule.capabilities].sort(),
    allowedParameters: plainParameters(rule.allowedParameters),
    deniedParameters: plainParameters(rule.deniedParameters),
  } satisfies Record<string, unknown> as JsonValue
}

function plainParameters(parameters: ParameterValues | undefined): JsonValue {
  if (parameters === undefined) return null
  return Object.fromEntries(
    [...parameters].map(([name, values]): [string, readonly ParameterValue[]] => [name, values]),
  )
}
