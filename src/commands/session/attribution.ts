import { attribute, neededTexts } from '../../audit/attribute.ts'
import type { Hashes, Subject } from '../../audit/subject.ts'
import { type Trail, trails } from '../../audit/trail.ts'
import type { AttributionReport } from '../../core/attribution.ts'
import { type Kind, type Kinds, kindOf } from '../../core/kind.ts'
import type { EnvironmentPlan } from '../../core/plan.ts'
import type { Address, Desired, Identity, Live } from '../../core/resource.ts'
import { VaultError, type VaultReader } from '../../core/server.ts'
import type { AuditHashes } from '../../vault/client.ts'
import { askHashes } from './audit-hashes.ts'
import { type ReadLogs, readAuditLogs } from './audit-log.ts'
import type { AuditRequest } from './audit-request.ts'
import type { Context } from './command.ts'
import type { Planned, PlannedPart } from './planning.ts'

/** The same plans with who made their differences. Without a server to ask, nothing that is hashed can be verified. */
export async function withAttribution(
  context: Context,
  kinds: Kinds,
  planned: Planned,
  request: AuditRequest,
  server: AuditHashes | undefined,
): Promise<Planned> {
  const subjects = await Promise.all(
    planned.parts.map((part, index) => subjectsOf(kinds, part, planned.plan.environments[index])),
  )
  const all = subjects.flat()
  if (all.length === 0) return planned
  const gathered = trails(kinds, all)
  const logs = await readAuditLogs(context, request.files, gathered)
  const found = new Map<Subject, Trail>(all.map((subject) => [subject, gathered.of(subject)]))
  await readMore(kinds, planned.parts, subjects, found)
  const hashes = await askHashes(needs(found), gathered, { ...request, server })
  const environments = planned.plan.environments.map((plan, index) =>
    attributed(plan, subjects[index] ?? [], { found, logs, hashes }),
  )
  return { ...planned, plan: { ...planned.plan, environments } }
}

type OpenSubject = { -readonly [Key in keyof Subject]: Subject[Key] }

/** Each changed or unmanaged object of a kind that audit logs tell of. */
async function subjectsOf(
  kinds: Kinds,
  { input, reader }: PlannedPart,
  plan: EnvironmentPlan | undefined,
): Promise<OpenSubject[]> {
  const changed = (plan?.changes ?? []).flatMap((change) => {
    const [before, after] = [
      change.action === 'create' ? undefined : change.before,
      change.action === 'delete' ? undefined : change.after,
    ]
    return subjectOf(kinds, input.server.namespace, (before ?? after) as Identity, before, after)
  })
  const left = new Set<Address>(plan?.unmanaged ?? [])
  const objects = input.live.unmanaged.filter(({ address }) => left.has(address))
  const listed = await livesIn(kinds, new Set(objects.map(({ kind }) => kind)), reader)
  const unmanaged = objects.flatMap((object) => {
    const live = listed.get(object.address) ?? { ...object, spec: {} }
    return subjectOf(kinds, input.server.namespace, object, live, undefined)
  })
  return [...changed, ...unmanaged]
}

/** What listings bring with the names, by address: it was asked for already, and a snapshot may hold it nowhere else. */
async function livesIn(kinds: Kinds, names: ReadonlySet<string>, reader: VaultReader): Promise<Map<Address, Live>> {
  const lives = new Map<Address, Live>()
  for (const name of names) {
    const list = async () => {
      for await (const { address, live } of kindOf(kinds, name).list(reader, { parents: [] }))
        if (live !== undefined) lives.set(address, live)
      return undefined
    }
    await unlessRefused(list())
  }
  return lives
}

function subjectOf(
  kinds: Kinds,
  namespace: string,
  object: Identity,
  live: Live | undefined,
  desired: Desired | undefined,
): OpenSubject[] {
  const kind = kindOf(kinds, object.kind)
  const { audited } = kind
  if (audited === undefined) return []
  const identity = audited.objectAt(object.path) ?? object
  const mount = mountOf(kinds, kind, identity)
  return [
    {
      namespace,
      object: identity,
      audited,
      ...(live === undefined ? {} : { live: audited.held(live.spec) }),
      ...(desired === undefined ? {} : { desired: audited.held(desired.spec) }),
      ...(mount === undefined ? {} : { mount }),
    },
  ]
}

/** What `sys/remount` calls the mount that the object is or is in. */
function mountOf(kinds: Kinds, kind: Kind, object: Identity): string | undefined {
  const parent = kind.parent === undefined ? undefined : kindOf(kinds, kind.parent)
  if (parent === undefined) return kind.audited?.mountPoint?.(object)
  const name = object.parent?.slice(parent.name.length + 1)
  return name === undefined ? undefined : parent.audited?.mountPoint?.(parent.identify(name))
}

/** Reads what comparing takes and planning did without, of the objects that the logs tell of. */
async function readMore(
  kinds: Kinds,
  parts: readonly PlannedPart[],
  subjects: readonly (readonly OpenSubject[])[],
  found: ReadonlyMap<Subject, Trail>,
): Promise<void> {
  const work = parts.flatMap(({ reader }, index) =>
    (subjects[index] ?? []).map(async (subject) => {
      const { audited, object, live, desired } = subject
      if (live === undefined || (found.get(subject)?.traces ?? []).length === 0) return
      // What the server gives back as it was sent says more than our own spelling of it.
      const raw = audited.readable ? await unlessRefused(reader.read(object.path)) : undefined
      if (raw !== undefined) subject.raw = raw
      if (desired !== undefined || Object.keys(live).length > 0) return
      const whole = await unlessRefused(kindOf(kinds, object.kind).read(reader, object))
      if (whole !== undefined) subject.live = audited.held(whole.spec)
    }),
  )
  await Promise.all(work)
}

/** What cannot be read cannot be compared; who asked for drift was told so already. */
async function unlessRefused<T>(work: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof VaultError) return undefined
    throw error
  }
}

function needs(found: ReadonlyMap<Subject, Trail>) {
  return [...found].map(([subject, { traces }]) => ({
    texts: neededTexts(subject, { traces }),
    sent: traces.flatMap(({ sent }) => sent),
  }))
}

interface Findings {
  readonly found: ReadonlyMap<Subject, Trail>
  readonly logs: ReadLogs
  readonly hashes: Hashes
}

function attributed(
  plan: EnvironmentPlan,
  subjects: readonly Subject[],
  { found, logs, hashes }: Findings,
): EnvironmentPlan {
  if (subjects.length === 0) return plan
  const { from, to, warnings } = logs
  const attribution: AttributionReport = {
    ...(from === undefined || to === undefined ? {} : { from, to }),
    objects: subjects.map((subject) => attribute(subject, found.get(subject) as Trail, hashes)),
  }
  return { ...plan, attribution, notices: [...plan.notices, ...warnings.map(({ message }) => `${message}.`)] }
}
