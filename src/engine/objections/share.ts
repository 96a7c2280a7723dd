import { defaultLimit, type Limit, type Limits, limitOf, ownLimit } from '../../core/limits.ts'
import { kindNameOf } from '../order.ts'
import type { Brake, Judged, Refusal } from './brake.ts'

/** What stands for all kinds together in `--allow share:all`. */
export const allKinds = 'all'

/** How much of what is there, and owned, a plan takes away or makes something else of. */
interface Weight {
  readonly deleted: number
  readonly rewritten: number
  readonly there: number
}

type Weights = ReadonlyMap<string, Weight>

/**
 * A plan that deletes or rewrites more than a share of what is owned: first kind by kind, then what is left of the kinds
 * together, so that nine roles and nine policies are no way around it. Environments of one server are weighed one by one
 * and then as one, because a mass deletion that is spread over them is still one.
 */
export const share: Brake = {
  name: 'share',
  about: 'kind',
  judge(environments) {
    const each = environments.map(({ plan, input }) => ({
      environment: plan.environment,
      limits: input.limits ?? {},
      weights: weigh({ plan, input }),
    }))
    const alone = each.flatMap(({ environment, limits, weights }) => tooMuch(environment, weights, limits, new Set()))
    const [first, ...others] = each.filter(({ weights }) => taken(total(weights.values())) > 0)
    if (first === undefined || others.length === 0) return alone
    const said = new Set(alone.map(({ allow }) => allow))
    const names = others.map(({ environment }) => environment).join(', ')
    const together = sum(each.map(({ weights }) => weights))
    return [...alone, ...tooMuch(first.environment, together, first.limits, said, names)]
  },
}

/** @param said what was objected to already, and does not count again. @param others environments that are counted in */
function tooMuch(
  environment: string,
  weights: Weights,
  limits: Limits,
  said: ReadonlySet<string>,
  others?: string,
): Refusal[] {
  const refuse = (subject: string, weight: Weight, limit: Limit) =>
    refusal(environment, subject, weight, limit, limits, others)
  const kinds = [...weights].filter(
    ([kind, weight]) => said.has(`share:${kind}`) || exceeds(weight, limitOf(limits, kind)),
  )
  const heavy = new Set(kinds.map(([kind]) => kind))
  const refusals = kinds
    .filter(([kind]) => !said.has(`share:${kind}`))
    .map(([kind, weight]) => refuse(kind, weight, limitOf(limits, kind)))
  const light = [...weights].filter(([kind]) => !heavy.has(kind) && ownLimit(limits, kind) === undefined)
  const rest = total(light.map(([, weight]) => weight))
  if (said.has(`share:${allKinds}`) || !exceeds(rest, limitOf(limits))) return refusals
  return [...refusals, refuse(allKinds, rest, limitOf(limits))]
}

function refusal(
  environment: string,
  subject: string,
  weight: Weight,
  limit: Limit,
  limits: Limits,
  others: string | undefined,
): Refusal {
  const allow = `share:${subject}`
  const objects = subject === allKinds ? 'objects' : `${subject} objects`
  const parts = [
    ...(weight.deleted > 0 ? [`delete ${weight.deleted}`] : []),
    ...(weight.rewritten > 0 ? [`rewrite ${weight.rewritten}`] : []),
  ]
  const together = others === undefined ? '' : `together with ${others} on the same server, `
  return {
    code: 'large-share',
    environment,
    field: [],
    message: `${together}the plan would ${parts.join(' and ')} of the ${weight.there} ${objects} that are owned (${percent(weight)}); the limit is ${limit.share} % (${origin(subject, limits)})`,
    help: `If so much is meant, say so with --allow ${allow}.`,
    allow,
  }
}

function origin(subject: string, limits: Limits): string {
  if (subject !== allKinds && ownLimit(limits, subject)?.share !== undefined)
    return `limits.kinds.${subject}.share in vaultwright.yaml`
  return limits.share === undefined ? 'the default' : 'limits.share in vaultwright.yaml'
}

/** Rounded up, so that what exceeds a limit also looks like it. */
function percent(weight: Weight): string {
  return `${Math.ceil((taken(weight) * 1000) / weight.there) / 10} %`
}

function exceeds(weight: Weight, { share, from }: Limit): boolean {
  return weight.there >= from && taken(weight) * 100 > weight.there * share
}

function taken({ deleted, rewritten }: Weight): number {
  return deleted + rewritten
}

/**
 * Kind by kind. What another environment of the server takes care of counts there. An update that changes the layout of
 * a policy is no rewrite: the server decides everything as before, and a formatter run over all files harms nobody.
 */
function weigh({ input, plan }: Judged): Weights {
  const weights = new Map<string, { deleted: number; rewritten: number; there: number }>()
  const of = (kind: string) => {
    const known = weights.get(kind)
    if (known !== undefined) return known
    const fresh = { deleted: 0, rewritten: 0, there: 0 }
    weights.set(kind, fresh)
    return fresh
  }
  const { environment, live, elsewhere } = input
  // A way back wants only what the apply changed, out of all that the files describe.
  const described = [...environment.desired, ...(environment.rollback?.files.desired ?? [])]
  const there = new Map(
    [...described.filter(({ address }) => live.objects.has(address)), ...live.unmanaged].map(({ address, kind }) => [
      address,
      kind,
    ]),
  )
  for (const [address, kind] of there) if (!elsewhere?.has(address)) of(kind).there++
  for (const change of plan.changes) {
    if (change.action === 'delete') of(kindNameOf(change)).deleted++
    else if (change.action === 'update' && change.meaning) of(kindNameOf(change)).rewritten++
  }
  return weights
}

function total(weights: Iterable<Weight>): Weight {
  const all = { deleted: 0, rewritten: 0, there: 0 }
  for (const { deleted, rewritten, there } of weights) {
    all.deleted += deleted
    all.rewritten += rewritten
    all.there += there
  }
  return all
}

function sum(all: readonly Weights[]): Weights {
  const kinds = new Set(all.flatMap((weights) => [...weights.keys()]))
  return new Map([...kinds].map((kind) => [kind, total(all.flatMap((weights) => weights.get(kind) ?? []))]))
}

/**
 * Limits above the default, where the plan makes use of the kind they are for: whoever may change the files may also
 * raise a limit, so a reviewer is told.
 */
export function raisedLimits(environment: Judged): string[] {
  const limits = environment.input.limits ?? {}
  if (environment.plan.changes.length === 0) return []
  const weights = weigh(environment)
  const raised = [...weights].flatMap(([kind, weight]) => {
    const limit = limitOf(limits, kind)
    const higher = limit.share > defaultLimit.share || limit.from > defaultLimit.from
    return higher && taken(weight) > 0 ? [notice(kind, weight, limit)] : []
  })
  return [...raised, ...weighedAlone(weights, limits)]
}

/** A limit that is none for a kind alone still takes it out of what is weighed together. */
function weighedAlone(weights: Weights, limits: Limits): string[] {
  const light = [...weights].filter(([, weight]) => !exceeds(weight, defaultLimit))
  const own = light.filter(([kind, weight]) => ownLimit(limits, kind) !== undefined && taken(weight) > 0)
  const all = total(light.map(([, weight]) => weight))
  if (own.length === 0 || !exceeds(all, defaultLimit)) return []
  const names = own.map(([kind]) => kind).join(' and ')
  return [
    `vaultwright.yaml has limits of their own for ${names} objects; by default all kinds are weighed together, and this plan would be refused (${percent(all)} of ${all.there}).`,
  ]
}

function notice(kind: string, weight: Weight, { share, from }: Limit): string {
  const verdict =
    exceeds(weight, defaultLimit) && !exceeds(weight, { share, from })
      ? `; by default this plan would be refused (${percent(weight)} of ${weight.there})`
      : ''
  return `vaultwright.yaml lets a plan delete or rewrite ${share} % of ${kind} objects, from ${from} objects up; the default is ${defaultLimit.share} %, from ${defaultLimit.from}${verdict}.`
}
