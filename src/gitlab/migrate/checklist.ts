import { z } from 'zod'
import { type Migration, migrationSchema } from './migration.ts'

export const checklistFormat = 'vaultwright-checklist/1'

/** In this order, and each only after the one before. */
export const steps = ['written', 'compared', 'switched', 'deleted', 'green'] as const

export type Step = (typeof steps)[number]

/** What each step means, for people. */
export const stepWords: Readonly<Record<Step, string>> = {
  written: 'the value is in Vault',
  compared: "Vault's value equals the variable's",
  switched: 'a job of every role reads it from Vault',
  deleted: 'the variable is gone from GitLab',
  green: 'a pipeline succeeded without it',
}

const progress = z.strictObject({
  /** `claimed` is a person's word; `verified` and `refuted` are what "migrate verify" saw. */
  state: z.enum(['open', 'claimed', 'verified', 'refuted']),
  /** When it was first seen so, ISO 8601. */
  at: z.string().optional(),
  /** Why it is not verified. */
  note: z.string().optional(),
})

const { items, gitlab, hash_key, address, namespace, projects } = migrationSchema.shape

const entry = items.element.extend({
  steps: z.strictObject(Object.fromEntries(steps.map((step) => [step, progress])) as Record<Step, typeof progress>),
})

export const checklistSchema = z.strictObject({
  format: z.literal(checklistFormat),
  gitlab,
  hash_key,
  address,
  namespace,
  projects,
  items: z.array(entry),
})

export type Progress = z.infer<typeof progress>
export type Checklist = z.infer<typeof checklistSchema>
export type ChecklistItem = z.infer<typeof entry>

/** The list of a migration. What a former list says of the same variables at the same place in Vault is kept. */
export function checklistOf(migration: Migration, former?: Checklist): Checklist {
  const { gitlab, hash_key, address, namespace, projects } = migration
  const before = new Map(former?.items.map((one) => [one.id, one]))
  const planned = migration.items.map((one): ChecklistItem => {
    const known = before.get(one.id)
    const same = known !== undefined && sameField(known, one)
    return { ...one, steps: same ? known.steps : nothingDone() }
  })
  const ids = new Set(planned.map(({ id }) => id))
  // A variable that is deleted is in no inventory any more; its list entry is what is left of it.
  const gone = (former?.items ?? []).filter((one) => !ids.has(one.id) && one.steps.deleted.state === 'verified')
  return { format: checklistFormat, gitlab, hash_key, address, namespace, projects, items: [...planned, ...gone] }
}

function sameField({ vault: a }: ChecklistItem, { vault: b }: Migration['items'][number]): boolean {
  return a.mount === b.mount && a.path === b.path && a.field === b.field
}

function nothingDone(): ChecklistItem['steps'] {
  return { written: open, compared: open, switched: open, deleted: open, green: open }
}

const open: Progress = { state: 'open' }

/**
 * What is still in the way of deleting a variable; empty where it may go. A person's word is enough only for the value of a
 * hidden one, or of one that GitLab expands, which nobody else can compare.
 */
export function beforeDeletion({
  steps: done,
  hidden,
  expands,
}: Pick<ChecklistItem, 'steps' | 'hidden' | 'expands'>): readonly string[] {
  const needed = ['written', 'compared', 'switched'] as const
  // A note beside "verified" says that this run could not look again.
  const sure = ({ state, note }: Progress) => state === 'verified' && note === undefined
  const byWord = (step: Step) => step === 'compared' && (hidden || expands) && done[step].state === 'claimed'
  return needed
    .filter((step) => !sure(done[step]) && !byWord(step))
    .map((step) => `not verified that ${stepWords[step]}`)
}

export function isDone({ steps: done }: ChecklistItem): boolean {
  return steps.every((step) => done[step].state === 'verified' || done[step].state === 'claimed')
}

/** The next state of a step from what was seen; `undefined` is "could not be looked at". */
export function seen(before: Progress, verdict: boolean | undefined, now: string, note?: string): Progress {
  const words = note === undefined ? {} : { note }
  if (verdict === true) return { state: 'verified', at: before.state === 'verified' && before.at ? before.at : now }
  if (verdict === undefined) return { ...before, ...words }
  // What was only not done yet is open; what somebody or an earlier run said is refuted.
  return before.state === 'open' ? { state: 'open', ...words } : { state: 'refuted', at: now, ...words }
}
