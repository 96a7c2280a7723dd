import type { AccessBeyond, AccessWitness, ClaimWord } from '../../core/access-effect.ts'
import { matchesGlob } from '../../core/glob.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import { nearest } from '../../core/nearest.ts'
import type {
  AdmitsOnlyPromise,
  Counterexample,
  Grant,
  NeverPromise,
  OnlyPromise,
  PromisedClaim,
  PromiseFinding,
} from '../../core/promise.ts'
import { topClaim } from '../claims/gitlab.ts'
import type { AccessModel } from '../model.ts'
import type { ClaimConstraint } from '../proof/answers.ts'
import { canAny } from '../proof/can.ts'
import { admitsOutside } from '../proof/outside.ts'
import { whoCan } from '../proof/reach.ts'
import { roleEvidence, ruleEvidence } from './evidence.ts'
import { undecidedHelp } from './job.ts'
import { joined, thereAre, valueWords } from './words.ts'

/** Promises about every token there can be: decided by proof, not by samples. */

export function judgeNever({ claims, roles, can }: NeverPromise, model: AccessModel): PromiseFinding[] {
  const chosen = onlyRoles(model, roles)
  if ('outcome' in chosen) return [chosen]
  const constraints = Object.entries(claims).map(([claim, promised]) => constraintOf(claim, promised))
  return can.flatMap((grant): PromiseFinding[] => {
    const { capability, path, location } = grant
    const found = canAny(chosen, { claims: constraints, capabilities: [capability], paths: path })
    if (found.answer === 'never') return []
    if (found.answer === 'beyond') return undecided(found.beyond, location)
    const { counterexample } = found
    const { mount, role, rule } = counterexample
    const message = `a token of ${mount}/${role} can ${counterexample.capability} ${counterexample.path}`
    const related = [...roleEvidence(model, mount, role), ...ruleEvidence(rule, model)]
    return [
      {
        outcome: 'broken',
        message,
        location,
        related,
        counterexample: asCounterexample(counterexample, model, Object.keys(claims)),
      },
    ]
  })
}

export function judgeAdmitsOnly({ claim, values, roles }: AdmitsOnlyPromise, model: AccessModel): PromiseFinding[] {
  const chosen = onlyRoles(model, roles)
  if ('outcome' in chosen) return [chosen]
  const { outsiders, beyond } = admitsOutside(chosen, claim, values.map(wordOf))
  const findings = outsiders.map(({ witness }): PromiseFinding => {
    const { mount, role, claims } = witness
    const value = Object.hasOwn(claims, claim) ? valueWords(claims[claim] as JsonValue) : undefined
    const whose = value === undefined ? `a token without ${claim}` : `a token whose ${claim} is ${value}`
    const message = `the role ${mount}/${role} admits ${whose}`
    return {
      outcome: 'broken',
      message,
      related: roleEvidence(model, mount, role),
      counterexample: asCounterexample(witness, model, [claim]),
    }
  })
  return [...findings, ...undecided(beyond)]
}

export function judgeOnly({ roles, can }: OnlyPromise, model: AccessModel): PromiseFinding[] {
  return can.flatMap(({ capability, path, location }): PromiseFinding[] => {
    const reach = whoCan(model, capability, path)
    const others = reach.roles.filter(({ witness: { mount, role } }) => !matchesAny(roles, mount, role))
    const findings = others.map(({ who, paths, witness }): PromiseFinding => {
      const { mount, role } = witness
      const message = `${who}, through ${mount}/${role}, can ${capability} ${joined(paths)}`
      const related = roleEvidence(model, mount, role)
      return { outcome: 'broken', message, location, related, counterexample: asCounterexample(witness, model) }
    })
    return [...findings, ...undecided(reach.beyond, location)]
  })
}

function undecided(beyond: readonly AccessBeyond[], location?: Grant['location']): PromiseFinding[] {
  return beyond.map(({ about, reason }) => ({
    outcome: 'undecided',
    message: about === undefined ? reason : `${about}: ${reason}`,
    help: undecidedHelp,
    ...(location === undefined ? {} : { location }),
    related: [],
  }))
}

/** @param asked claims that the promise names */
function asCounterexample(
  { mount, role, claims, capability, path }: AccessWitness,
  model: AccessModel,
  asked: readonly string[] = [],
): Counterexample {
  const request = capability === undefined || path === undefined ? {} : { request: { capability, path } }
  const bound = model.mounts.get(mount)?.roles.get(role)?.role['bound_claims']
  const decisive = [...new Set([...asked, ...(isObject(bound) ? Object.keys(bound) : [])].map(topClaim))]
  return { mount, role, claims, decisive, ...request }
}

function constraintOf(claim: string, promised: PromisedClaim): ClaimConstraint {
  return 'not' in promised ? { claim, noneOf: promised.not.map(wordOf) } : { claim, oneOf: promised.values.map(wordOf) }
}

function wordOf(value: JsonValue): ClaimWord {
  return value === null || typeof value === 'object' ? { form: 'absent' } : value
}

function matchesAny(patterns: readonly string[], mount: string, role: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern.toLowerCase(), `${mount}/${role}`.toLowerCase()))
}

const narrowed = new WeakMap<AccessModel, Map<string, AccessModel | PromiseFinding>>()

/** The model with these roles alone; a finding where a pattern fits none, because then it would promise nothing. */
function onlyRoles(model: AccessModel, patterns: readonly string[]): AccessModel | PromiseFinding {
  if (patterns.length === 0) return model
  const known = narrowed.get(model) ?? new Map<string, AccessModel | PromiseFinding>()
  narrowed.set(model, known)
  const key = patterns.join('\0')
  const found = known.get(key) ?? idlePattern(model, patterns) ?? narrow(model, patterns)
  known.set(key, found)
  return found
}

function idlePattern(model: AccessModel, patterns: readonly string[]): PromiseFinding | undefined {
  const all = [...model.mounts.values()].flatMap(({ path, roles }) =>
    [...roles.keys()].map((name) => `${path}/${name}`),
  )
  const idle = patterns.find((pattern) => !all.some((name) => matchesGlob(pattern.toLowerCase(), name.toLowerCase())))
  if (idle === undefined) return undefined
  const near = nearest(idle, all)
  const help = near === undefined ? thereAre(all) : `Did you mean "${near}"?`
  return { outcome: 'broken', message: `no role is called "${idle}"`, help, related: [] }
}

function narrow(model: AccessModel, patterns: readonly string[]): AccessModel {
  const mounts = [...model.mounts].map(([path, mount]) => {
    const roles = [...mount.roles].filter(([name]) => matchesAny(patterns, path, name))
    return [path, { ...mount, roles: new Map(roles) }] as const
  })
  return { ...model, mounts: new Map(mounts) }
}
