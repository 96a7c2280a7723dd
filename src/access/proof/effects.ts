import type { AccessEffect } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import { type Box, boxKey } from '../claims/box.ts'
import { boxPhrases } from '../claims/phrases.ts'
import { counted } from '../claims/value-words.ts'
import { admissionDrafts } from './admission-drafts.ts'
import { alterationDrafts } from './alteration-drafts.ts'
import type { Direction, Draft } from './drafts.ts'
import type { Gain } from './gains.ts'
import { grantDrafts } from './grant-drafts.ts'
import type { Subject } from './subjects.ts'

/** What the model after gives and the one before did not, and the other way round. */
export interface Effects {
  readonly gains: readonly Gain[]
  readonly losses: readonly Gain[]
}

/**
 * Each line of what somebody gains or loses. That there is an effect, and which `claims` it is about, is exact over all roles
 * together; `who` and `text` are in the terms of the role, not split by what other roles demand.
 */
export function effectsOf({ gains, losses }: Effects): readonly AccessEffect[] {
  const [now, gone] = [byRole(gains), byRole(losses)]
  const drafts = [
    ...now.flatMap((some) => draftsOf(some, 'gain')),
    ...gone.flatMap((some) => draftsOf(some, 'loss')),
    ...alterationDrafts(now, gone),
  ]
  return withDistinctTexts(grouped(drafts, ({ key }) => key).map(effectOf))
}

function byRole(gains: readonly Gain[]): readonly (readonly Gain[])[] {
  return grouped(gains, ({ subject }) => subject)
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => unknown): readonly (readonly T[])[] {
  const groups = new Map<unknown, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

function draftsOf(gains: readonly Gain[], direction: Direction): readonly Draft[] {
  const inside = gains.filter(({ outside }) => outside === undefined)
  const outside = inside.length === gains.length ? [] : gains.filter((gain) => gain.outside !== undefined)
  const grants = inside.length === 0 ? [] : grantDrafts(inside, direction)
  return outside.length === 0 ? grants : [...admissionDrafts(outside, direction), ...grants]
}

function effectOf(drafts: readonly Draft[]): AccessEffect {
  const first = drafts[0] as Draft
  const { effect, capabilities, paths } = first
  const boxes = distinctBoxes(drafts.length === 1 ? first.boxes : drafts.flatMap((draft) => draft.boxes))
  const who = whoOf(drafts)
  const roles = drafts.length === 1 ? [first.subject.address] : addressesOf(drafts)
  const claims = boxes.map((box) => Object.fromEntries(box))
  const witness = first.witness()
  const text = first.text(closed(who))
  if (capabilities && paths) return { effect, roles, who, claims, capabilities, paths, witness, text }
  return { effect, roles, who, claims, ...(paths && { paths }), witness, text }
}

function addressesOf(drafts: readonly Draft[]): AccessEffect['roles'] {
  return [...new Set(drafts.map(({ subject }) => subject.address))].sort(byText)
}

function distinctBoxes(boxes: readonly Box[]): readonly Box[] {
  return boxes.length === 1 ? boxes : [...new Map(boxes.map((box) => [boxKey(box), box])).values()]
}

/** More different sets of tokens than this in one line are more than anybody reads: then the roles are named. */
const mostPhrases = 3

function whoOf(drafts: readonly Draft[]): string {
  const first = drafts[0] as Draft
  const phrases = boxPhrases(drafts.length === 1 ? first.said : drafts.flatMap(({ said }) => said))
  return phrases.length <= mostPhrases ? phrases.join(', and of ') : rolesText(drafts.map(({ subject }) => subject))
}

/** `role jwt/a`, `5 roles (jwt/a, jwt/b, jwt/c, …)`. */
export function rolesText(subjects: readonly Subject[]): string {
  const names = new Set(subjects.map(({ mount, role }) => `${mount.path}/${role.name}`))
  return counted([...names], 'role', 'roles')
}

/** What was put between commas needs the second one. */
function closed(who: string): string {
  return who.includes(', or ') || who.includes(', and of ') ? `${who},` : who
}

/** Two effects that a reader cannot tell apart are one: paths that were counted and not named. */
function withDistinctTexts(effects: readonly AccessEffect[]): readonly AccessEffect[] {
  if (new Set(effects.map(({ text }) => text)).size === effects.length) return effects
  return grouped(effects, ({ effect, text }) => `${effect} ${text}`).map(together)
}

function together(effects: readonly AccessEffect[]): AccessEffect {
  const [first] = effects as readonly [AccessEffect]
  if (effects.length === 1) return first
  const all = <T>(of: (effect: AccessEffect) => readonly T[] | undefined) => [
    ...new Set(effects.flatMap((effect) => of(effect) ?? [])),
  ]
  return {
    ...first,
    roles: all(({ roles }) => roles).sort(byText),
    claims: all(({ claims }) => claims),
    ...(first.paths && { paths: all(({ paths }) => paths).sort(byText) }),
  }
}
