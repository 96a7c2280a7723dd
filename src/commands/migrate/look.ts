import type { VaultReader } from '../../core/server.ts'
import { type Checklist, type ChecklistItem, type Progress, seen } from '../../gitlab/migrate/checklist.ts'
import { type Comparison, compareValues, type Hasher, sameHash } from '../../gitlab/migrate/hash.ts'
import { isExpanded } from '../../gitlab/migrate/take.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import { type Gone, lookInGitlab, pipelineAfter } from './verify-gitlab.ts'
import { type Declared, usersOf } from './verify-jobs.ts'
import { type Field, readField } from './verify-vault.ts'

/** What there is to look with; what is absent is not looked at. */
export interface Sight {
  /** ISO 8601. */
  readonly now: string
  readonly vault?: VaultReader
  readonly gitlab?: GitlabClient
  /** What the given GitLab YAML declares. */
  readonly declared?: Declared
  /** With the key of the inventory's hashes. */
  readonly hasher?: Hasher
}

/** The list as it is now. One variable after the other, so that no more than two values are in memory. */
export async function lookAt(checklist: Checklist, sight: Sight): Promise<Checklist> {
  const gone = sight.gitlab === undefined ? undefined : await lookInGitlab(sight.gitlab, checklist)
  const items: ChecklistItem[] = []
  for (const one of checklist.items) items.push(await lookAtItem(one, checklist, { ...sight, gone }))
  return { ...checklist, items }
}

interface Looking extends Sight {
  readonly gone: Gone | undefined
}

async function lookAtItem(one: ChecklistItem, checklist: Checklist, looking: Looking): Promise<ChecklistItem> {
  const { now, vault, gitlab, declared, gone } = looking
  const field = vault === undefined ? undefined : await readField(vault, one.vault)
  const { written, compared, switched, deleted, green } = one.steps
  const removed = await deletedStep(deleted, one, gone, now)
  return {
    ...one,
    steps: {
      written: writtenStep(written, field, now),
      compared: await comparedStep(compared, one, field, looking),
      switched: declared === undefined ? switched : switchedStep(switched, one, declared, now),
      deleted: removed,
      green: gitlab === undefined ? green : await greenStep(green, removed, { gitlab, one, checklist, now }),
    },
  }
}

function writtenStep(before: Progress, field: Field | undefined, now: string): Progress {
  if (field === undefined) return before
  if ('refused' in field) return seen(before, undefined, now, field.refused)
  return seen(before, field.value !== undefined, now, 'it is not there yet')
}

const hiddenNote = 'it is hidden in GitLab: compare in a job, and write "claimed" here'
const expandedNote =
  'GitLab expands a part of the value, so a job gets another text: compare in a job, and write "claimed" here'
const withheldNote = 'it was made anew as a hidden one since the inventory, so its value is not known: make that anew'

async function comparedStep(
  before: Progress,
  one: ChecklistItem,
  field: Field | undefined,
  { gone, hasher, now }: Looking,
): Promise<Progress> {
  const value = field !== undefined && 'value' in field ? field.value : undefined
  if (value === undefined) return field === undefined || 'refused' in field ? before : seen(before, false, now)
  const there = gone?.isThere(one)
  const inGitlab = there !== undefined && 'found' in there && there.found
  const current = await gone?.compare(one, (theirs) =>
    isExpanded(theirs) ? 'expanded' : compareValues(theirs.value, value),
  )
  // What GitLab has and does not show may be another value than the inventory's.
  const comparison = current ?? (inGitlab ? undefined : byHash(one, value, hasher))
  // What was seen to be equal was not what jobs get.
  if (comparison === 'expanded') return seen(before, before.state === 'verified' ? false : undefined, now, expandedNote)
  if (comparison === undefined)
    return seen(before, undefined, now, one.hidden ? hiddenNote : inGitlab ? withheldNote : undefined)
  return seen(before, comparison === 'equal', now, differences[comparison])
}

const differences: Readonly<Record<Comparison, string | undefined>> = {
  equal: undefined,
  'line-ends': "they differ in line breaks only, which Vault's value has too many or too few of",
  different: 'the two values differ',
}

/** Of what is in no GitLab, or not any more, the inventory's hash is all that is left. */
function byHash(
  { hash, expands }: ChecklistItem,
  value: string,
  hasher: Hasher | undefined,
): Comparison | 'expanded' | undefined {
  if (expands) return 'expanded'
  if (hash === null || hasher === undefined) return undefined
  return sameHash(hasher.hash(value), hash) ? 'equal' : 'different'
}

function switchedStep(before: Progress, one: ChecklistItem, declared: Declared, now: string): Progress {
  const { any, elsewhere, missing } = usersOf(declared, one)
  if (any && missing.length === 0) return seen(before, true, now)
  return seen(before, false, now, any ? missingWords(missing) : elsewhere ? elsewhereNote : undeclaredNote)
}

const elsewhereNote = 'the YAML reads it from another place in Vault than the list says'
const undeclaredNote = 'no job of the given YAML declares it, itself or by "extends"'

function missingWords(roles: readonly string[]): string {
  return `no job of the given YAML reads it by ${roles.join(', ')}: it has to extend that role's template, or set VAULT_AUTH_ROLE`
}

async function deletedStep(
  before: Progress,
  one: ChecklistItem,
  gone: Gone | undefined,
  now: string,
): Promise<Progress> {
  const there = gone?.isThere(one)
  if (there === undefined) return before
  if ('unknown' in there) return seen(before, undefined, now, there.unknown)
  return seen(before, !there.found, now, before.state === 'open' ? undefined : 'it is in GitLab again, or still')
}

interface After {
  readonly gitlab: GitlabClient
  readonly one: ChecklistItem
  readonly checklist: Checklist
  readonly now: string
}

async function greenStep(
  before: Progress,
  deleted: Progress,
  { gitlab, one, checklist, now }: After,
): Promise<Progress> {
  if (deleted.state !== 'verified' || deleted.at === undefined || before.state === 'verified') return before
  const { verdict, note } = await pipelineAfter(gitlab, checklist, one, deleted.at)
  return seen(before, verdict, now, note)
}
