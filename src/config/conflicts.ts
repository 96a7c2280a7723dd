import { normalAddress, normalNamespace } from '../core/address.ts'
import { diffFields, formatField } from '../core/change.ts'
import type { SecretUse } from '../core/configuration.ts'
import { deepEqual, type JsonObject } from '../core/json.ts'
import type { Address } from '../core/resource.ts'
import type { Described, Draft } from './draft.ts'
import type { Problems } from './problems.ts'
import { quoted } from './text.ts'

/** Where a run talks to when an environment's file does not say it. */
export interface RunServer {
  readonly address?: string
  readonly namespace?: string
}

/** One name, one text: a second source may repeat an object of an environment, not contradict it. */
export function addObject(described: Described, draft: Draft, problems: Problems): void {
  const { address, spec } = described.desired
  const first = draft.objects.get(address)
  if (first === undefined) draft.objects.set(address, described)
  else if (!sameSpec(first.desired.spec, spec)) reportConflict(first, described, draft.name, problems)
}

function reportConflict(first: Described, second: Described, environment: string, problems: Problems): void {
  const [firstPlace, secondPlace] = distinctPlaces(first, second)
  const same = firstPlace.file === secondPlace.file && firstPlace.start === secondPlace.start
  problems.error(
    'conflict',
    `${quoted(second.desired.address)} is described a second time in ${environment}, and differently (${differences(first, second)})`,
    secondPlace,
    {
      help: same
        ? 'The same lines give this name several times: use a variable of for_each in the name.'
        : 'Give one of them another name, or make both say the same.',
      related: [{ message: 'described here as well', place: firstPlace }],
    },
  )
}

/** Two uses of one template are told apart by who uses it. */
function distinctPlaces(first: Described, second: Described) {
  const same = first.place.file === second.place.file && first.place.start === second.place.start
  return same
    ? ([first.user ?? first.place, second.user ?? second.place] as const)
    : ([first.place, second.place] as const)
}

/** The same role may be written twice; then both say the same about what its jobs read. */
export function addSecrets(
  described: Described,
  secrets: Readonly<Record<string, SecretUse>>,
  draft: Draft,
  problems: Problems,
): void {
  const { address } = described.desired
  const known = draft.secrets[address]
  draft.secrets[address] ??= secrets
  const first = draft.objects.get(address)
  if (known === undefined || first === undefined || sameSecrets(known, secrets)) return
  problems.error(
    'conflict',
    `the secrets of ${quoted(address)} are written a second time in ${draft.name}, and differently`,
    described.locate(['secrets']),
    {
      help: 'Write all of them in one place, or make both say the same.',
      related: [{ message: 'written here as well', place: first.locate(['secrets']) }],
    },
  )
}

function sameSecrets(a: object, b: object): boolean {
  return deepEqual(a as JsonObject, b as JsonObject)
}

function differences(first: Described, second: Described): string {
  const changes = diffFields(first.desired.spec, second.desired.spec).map(({ field }) => formatField(field))
  return changes.length > 3 ? `${changes.slice(0, 3).join(', ')} and ${changes.length - 3} more` : changes.join(', ')
}

function sameSpec(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => deepEqual(a[key], b[key]))
}

/**
 * Environments on one server describe it together: what one of them describes is unmanaged for none of them, and two
 * may describe the same object only identically. Gives for each environment all addresses that its server's files have.
 */
export function joinSiblings(
  drafts: readonly Draft[],
  run: RunServer,
  problems: Problems,
): ReadonlyMap<Draft, ReadonlySet<Address>> {
  const servers = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const server = serverOf(draft, run)
    servers.set(server, [...(servers.get(server) ?? []), draft])
  }
  const result = new Map<Draft, ReadonlySet<Address>>()
  for (const siblings of servers.values()) {
    const described = describedByAny(siblings, problems)
    for (const draft of siblings) result.set(draft, described)
  }
  return result
}

function describedByAny(siblings: readonly Draft[], problems: Problems): ReadonlySet<Address> {
  const owners = new Map<Address, Draft>()
  for (const draft of siblings) {
    for (const [address, second] of draft.objects) {
      const owner = owners.get(address)
      const first = owner?.objects.get(address)
      if (owner === undefined || first === undefined) owners.set(address, draft)
      else if (!sameSpec(first.desired.spec, second.desired.spec))
        reportSiblings([owner, first], [draft, second], problems)
    }
  }
  return new Set(owners.keys())
}

function reportSiblings(
  [owner, first]: readonly [Draft, Described],
  [draft, second]: readonly [Draft, Described],
  problems: Problems,
): void {
  const [firstPlace, secondPlace] = distinctPlaces(first, second)
  problems.error(
    'conflict',
    `the environments ${owner.name} and ${draft.name} share a server and describe ${quoted(second.desired.address)} differently (${differences(first, second)})`,
    secondPlace,
    {
      help: 'Put ${environment} into its name, or make both say the same.',
      related: [{ message: `described for ${owner.name} here`, place: firstPlace }],
    },
  )
}

/** Two spellings of one server and namespace are one text. What no file says, the run does. */
function serverOf({ address, namespace }: Draft, run: RunServer): string {
  const [where, space] = [address ?? run.address, namespace ?? run.namespace]
  return `${where === undefined ? '' : (normalAddress(where) ?? where)} ${normalNamespace(space)}`
}
