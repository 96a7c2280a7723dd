import type { AccessEffect, AccessWitness } from '../../core/access-effect.ts'
import { byText } from '../../core/json.ts'
import type { Address } from '../../core/resource.ts'
import { type Box, boxKey } from '../claims/box.ts'
import { describeBoxes, describeClaims } from '../claims/phrases.ts'
import type { PathPiece } from '../paths/compare.ts'
import type { Gain } from './gains.ts'
import { isBuiltin, isBuiltinBlock } from './policies.ts'
import { witnessOf } from './reached.ts'

/** What the model after gives and the one before did not, and the other way round. */
export interface Effects {
  readonly gains: readonly Gain[]
  readonly losses: readonly Gain[]
}

/** An effect before its words: equal keys are one line that names all their tokens. */
interface Draft {
  readonly key: string
  readonly effect: AccessEffect['effect']
  readonly address: Address
  readonly box: Box
  readonly capabilities?: readonly string[]
  readonly paths?: readonly string[]
  readonly witness: AccessWitness
  text(who: string): string
}

type Direction = 'gain' | 'loss'

export function effectsOf({ gains, losses }: Effects): readonly AccessEffect[] {
  const altered = gains.flatMap(alterations)
  const known = new Set(altered.map(alterationKey))
  // A change of demands shows from both sides; what only the one before shows is a way that is gone.
  const gone = losses.flatMap(alterations).filter((one) => !known.has(alterationKey(one)))
  const drafts = [
    ...gains.flatMap((gain) => accessDrafts(gain, 'gain')),
    ...losses.flatMap((loss) => accessDrafts(loss, 'loss')),
    ...altered.map((one) => alterationDraft(one, 'gain')),
    ...gone.map((one) => alterationDraft(one, 'loss')),
  ]
  return mergeDrafts(drafts)
}

function mergeDrafts(drafts: readonly Draft[]): AccessEffect[] {
  const groups = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const group = groups.get(draft.key)
    if (group === undefined) groups.set(draft.key, [draft])
    else group.push(draft)
  }
  return [...groups.values()].map(effectOf)
}

function effectOf(drafts: readonly Draft[]): AccessEffect {
  const [first] = drafts as readonly [Draft]
  const { effect, capabilities, paths, witness } = first
  const boxes = [...new Map(drafts.map(({ box }) => [boxKey(box), box])).values()]
  const who = describeBoxes(boxes)
  return {
    effect,
    roles: [...new Set(drafts.map(({ address }) => address))].sort(byText),
    who,
    claims: boxes.map((box) => Object.fromEntries(box)),
    ...(capabilities && { capabilities }),
    ...(paths && { paths }),
    witness,
    text: first.text(who),
  }
}

const verbs = { gain: 'gain', loss: 'lose' } as const

function accessDrafts(gain: Gain, direction: Direction): readonly Draft[] {
  if (gain.outside !== undefined) return admissionDrafts(gain, gain.outside.box as Box, direction)
  const own = gain.gained.filter(({ rule }) => !isBuiltin(rule))
  const builtin = gain.gained.filter(({ rule }) => isBuiltin(rule))
  const templated = gain.templated.filter((block) => !isBuiltinBlock(block))
  const drafts = [...pathDrafts(gain, own, direction), ...templateDrafts(gain, direction)]
  if (own.length + templated.length > 0 && gain.by.length === 0) return drafts
  if (builtin.length > 0) return [...drafts, builtinDraft(gain, builtin, direction)]
  return gain.by.length === 0 ? [...drafts, loginDraft(gain, direction)] : drafts
}

/** One line for each set of capabilities, with all paths that have it. */
function pathDrafts(gain: Gain, pieces: readonly PathPiece[], direction: Direction): Draft[] {
  const byPath = new Map<string, PathPiece[]>()
  for (const piece of pieces) byPath.set(piece.path, [...(byPath.get(piece.path) ?? []), piece])
  const bySet = new Map<string, PathPiece[]>()
  for (const [, together] of byPath) {
    const set = capabilitiesOf(together).join()
    bySet.set(set, [...(bySet.get(set) ?? []), ...together])
  }
  return [...bySet.values()].map((together) => {
    const capabilities = capabilitiesOf(together)
    const paths = [...new Set(together.map(({ path }) => path))].sort(byText)
    return grantDraft(gain, direction, { capabilities, paths, witness: witness(gain, together) })
  })
}

function templateDrafts(gain: Gain, direction: Direction): Draft[] {
  return gain.templated
    .filter((block) => !isBuiltinBlock(block))
    .map(({ rule }) => {
      const capabilities = [...rule.capabilities].sort(byText)
      return grantDraft(gain, direction, { capabilities, paths: [rule.written], witness: witness(gain, []) })
    })
}

function grantDraft(
  { subject: { address }, box }: Gain,
  direction: Direction,
  said: {
    readonly capabilities: readonly string[]
    readonly paths: readonly string[]
    readonly witness: AccessWitness
  },
): Draft {
  const { capabilities, paths } = said
  return {
    key: JSON.stringify([direction, capabilities, paths]),
    effect: direction,
    address,
    box,
    ...said,
    text: (who) => `tokens of ${who} ${verbs[direction]} ${sequence(capabilities)} on ${sequence(paths)}`,
  }
}

/** What everybody who logs in has is one line, and none where the login itself is new. */
function builtinDraft(gain: Gain, pieces: readonly PathPiece[], direction: Direction): Draft {
  const { address } = gain.subject
  const what = gain.by.length === 0 ? 'the login, with' : 'what'
  const grants = gain.by.length === 0 ? 'what the policy "default" grants' : 'the policy "default" grants'
  return {
    key: JSON.stringify([direction, 'default', what]),
    effect: direction,
    address,
    box: gain.box,
    paths: [...new Set(pieces.map(({ path }) => path))].sort(byText),
    witness: witness(gain, pieces),
    text: (who) => `tokens of ${who} ${verbs[direction]} ${what} ${grants}`,
  }
}

function loginDraft(gain: Gain, direction: Direction): Draft {
  const { address } = gain.subject
  return {
    key: JSON.stringify([direction, 'login']),
    effect: direction,
    address,
    box: gain.box,
    witness: witness(gain, []),
    text: (who) => `tokens of ${who} ${verbs[direction]} the login, with no rights`,
  }
}

/** The role of the same name admits others than before: that says it all, in terms of the claims that changed. */
function admissionDrafts(gain: Gain, other: Box, direction: Direction): readonly Draft[] {
  const { subject, box } = gain
  const claims = [...new Set([...box.keys(), ...other.keys()])]
  const changed = claims.filter((claim) => JSON.stringify(box.get(claim)) !== JSON.stringify(other.get(claim)))
  const name = `${subject.mount.path}/${subject.role.name}`
  const admits = direction === 'gain' ? 'now admits' : 'no longer admits'
  const text = `role ${name} ${admits} ${describeClaims(box, changed)}`
  const capabilities = capabilitiesOf(gain.gained)
  const paths = [...new Set(gain.gained.map(({ path }) => path))].sort(byText)
  return [
    {
      key: JSON.stringify([direction, 'admits', subject.address, boxKey(box)]),
      effect: direction,
      address: subject.address,
      box,
      ...(paths.length > 0 && { capabilities, paths }),
      witness: witness(
        gain,
        gain.gained.filter(({ rule }) => !isBuiltin(rule)),
      ),
      text: () => text,
    },
  ]
}

interface Alteration {
  readonly gain: Gain
  readonly pieces: readonly PathPiece[]
}

/** Pieces of one demand together. */
function alterations(gain: Gain): readonly Alteration[] {
  const byDemand = new Map<string, PathPiece[]>()
  for (const piece of gain.altered) {
    const key = `${piece.demands} on ${piece.path}`
    byDemand.set(key, [...(byDemand.get(key) ?? []), piece])
  }
  return [...byDemand.values()].map((pieces) => ({ gain, pieces }))
}

function alterationKey({ pieces }: Alteration): string {
  return JSON.stringify([pieces[0]?.path, capabilitiesOf(pieces)])
}

function alterationDraft({ gain, pieces }: Alteration, direction: Direction): Draft {
  const [{ path, demands = '' }] = pieces as readonly [PathPiece]
  const capabilities = capabilitiesOf(pieces)
  const how = demands === '' ? 'without further demands' : `with ${demands}`
  const verb = direction === 'gain' ? 'now have' : 'no longer have'
  return {
    key: JSON.stringify(['change', direction, capabilities, path, demands]),
    effect: 'change',
    address: gain.subject.address,
    box: gain.box,
    capabilities,
    paths: [path],
    witness: witness(gain, pieces),
    text: (who) => `tokens of ${who} ${verb} ${sequence(capabilities)} on ${path} ${how}`,
  }
}

function capabilitiesOf(pieces: readonly PathPiece[]): readonly string[] {
  return [...new Set(pieces.map(({ capability }) => capability))].sort(byText)
}

/** By the request that is the easiest to show. */
function witness({ subject, box }: Gain, pieces: readonly PathPiece[]): AccessWitness {
  const piece = pieces.find(({ capability }) => capability !== 'sudo' && capability !== 'subscribe') ?? pieces[0]
  if (piece === undefined) return witnessOf(subject, box)
  return witnessOf(subject, box, { ...piece, path: piece.witness })
}

/** All of them: a reviewer must see every path. */
function sequence(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
