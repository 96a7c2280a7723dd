import { parseNetwork } from '../access/login/cidr.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'

/**
 * Bindings of a role that are gone, or hold nobody back any more. One that only has another value is a change like any
 * other: who comes in by it stands in the plan.
 */
export function lostBindings(before: JsonObject, after: JsonObject): (readonly string[])[] {
  const left = new Set(bindingsOf(after).map((field) => field.join('\0')))
  return bindingsOf(before).filter((field) => !left.has(field.join('\0')))
}

/** What keeps tokens out of a role, as far as it does: claims and addresses that may be anything do not count. */
function bindingsOf(role: JsonObject): (readonly string[])[] {
  const { bound_claims: claims, token_bound_cidrs: networks } = role
  const glob = role['bound_claims_type'] === 'glob'
  const anything = (value: JsonValue) => glob && [value].flat().some((text) => /^\*+$/.test(String(text)))
  return [
    ...['bound_audiences', 'bound_subject', 'token_strictly_bind_ip'].flatMap((name) =>
      role[name] === undefined ? [] : [[name]],
    ),
    ...(Array.isArray(networks) && !areEverywhere(networks.map(String)) ? [['token_bound_cidrs']] : []),
    ...Object.entries(isObject(claims) ? claims : {}).flatMap(([claim, value]) =>
      anything(value) ? [] : [['bound_claims', claim]],
    ),
  ]
}

/** Whether the networks together hold every address of a family: 0.0.0.0/1 and 128.0.0.0/1 are as good as 0.0.0.0/0. */
function areEverywhere(networks: readonly string[]): boolean {
  const ranges = networks.flatMap((network) => parseNetwork(network)?.range ?? [])
  return ([4, 6] as const).some((family) => {
    const mine = ranges.filter((range) => range.family === family).sort((a, b) => (a.first < b.first ? -1 : 1))
    let next = 0n
    for (const { first, last } of mine) if (first <= next && last >= next) next = last + 1n
    return next === 2n ** (family === 4 ? 32n : 128n)
  })
}
