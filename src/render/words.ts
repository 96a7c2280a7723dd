import type { Action, Change } from '../core/change.ts'
import { formatSource, type Source } from '../core/diagnostic.ts'
import type { Counts, EnvironmentPlan } from '../core/plan.ts'
import type { Question } from './plan/renderer.ts'
import { visible } from './visible.ts'

/** What formats for people have in common: the words for what a plan holds. */

/** What each action means to who asks: what will be done, or what happened behind the files' back. */
const planned = { create: 'to create', update: 'to update', delete: 'to delete' }

const actionWords: Readonly<Record<Question, Readonly<Record<Action, string>>>> = {
  plan: planned,
  rollback: planned,
  drift: { create: 'missing', update: 'changed', delete: 'added' },
}

/** One object's fate in a word or two: "create", or for drift "missing". */
export function formatAction(action: Action, question: Question): string {
  return question === 'drift' ? actionWords.drift[action] : action
}

export const actions: readonly Action[] = ['create', 'update', 'delete']

export const glyphs: Readonly<Record<Action, '+' | '~' | '-'>> = { create: '+', update: '~', delete: '-' }

/** "2 to create, 1 to update, 0 to delete", or for drift "2 missing, 1 changed, 0 added". */
export function formatCounts(counts: Counts, question: Question): string {
  return actions.map((action) => `${counts[action]} ${actionWords[question][action]}`).join(', ')
}

/** As above without the zeros, for a part of a plan. */
export function formatCountsShort(changes: readonly Change[], question: Question): string {
  return actions
    .map((action) => [changes.filter((change) => change.action === action).length, action] as const)
    .filter(([count]) => count > 0)
    .map(([count, action]) => `${count} ${actionWords[question][action]}`)
    .join(', ')
}

export const driftTitle = "changed behind the files' back"

export const driftLegend = {
  text: 'Shown as what would put the server back: "-" and left of "→" is what it has, "+" and right of "→" what the files say.',
  lines: 'Shown as what would put the server back: "-" is what it has, "+" what the files say.',
}

export const sameMeaning = 'layout or comments only; the meaning is the same'

/**
 * "No changes. production matches the files.", "No changes, but 2 objects on the server are in no file." Environments with
 * objects in no file do not match the files: they are only counted, as each shows its own.
 */
export function formatNothing(environments: readonly EnvironmentPlan[], question: Question): string {
  const nothing = { plan: 'No changes', drift: 'No drift', rollback: 'Nothing to take back' }[question]
  if (environments.length === 0) return `${nothing}. There is no environment to compare.`
  const whole = matchingFiles(environments, question)
  const beside = `${nothing}${besideNothing(environments, question)}.`
  return whole.length === 0 ? beside : `${beside} ${formatMatching(whole, question)}`
}

/** Those that the sentence may be said of that they match the files; a way back is not about files. */
export function matchingFiles(
  environments: readonly EnvironmentPlan[],
  question: Question,
): readonly EnvironmentPlan[] {
  return question === 'rollback' ? environments : environments.filter(({ unmanaged }) => unmanaged.length === 0)
}

/** What follows "no changes" or "no drift": nothing, or ", but 2 objects on the server are in no file". */
export function besideNothing(environments: readonly EnvironmentPlan[], question: Question): string {
  const objects = inNoFile(environments, question)
  if (objects === '') return ''
  return question === 'drift' ? ` in what the files describe; ${objects}` : `, but ${objects}`
}

/** What follows the counts of changes: nothing, or "; 2 objects on the server are in no file". */
export function besideCounts(environments: readonly EnvironmentPlan[], question: Question): string {
  const objects = inNoFile(environments, question)
  return objects === '' ? '' : `; ${objects}`
}

/** "2 objects on the server are in no file"; empty where there are none, or where nobody wants to hear of them. */
function inNoFile(environments: readonly EnvironmentPlan[], question: Question): string {
  if (question === 'rollback') return ''
  const count = environments.reduce((sum, { unmanaged }) => sum + unmanaged.length, 0)
  return count === 0 ? '' : `${countOf(count, 'object')} on the server ${count === 1 ? 'is' : 'are'} in no file`
}

/** "production matches the files.", "production and staging match the files."; a crowd is only counted. */
export function formatMatching(environments: readonly EnvironmentPlan[], question: Question): string {
  const names = environments.map(({ environment }) => visible(environment))
  if (names.length === 1) return `${names[0]} ${matching(question, 1)}.`
  const all = names.length > 5 ? `${names.length} environments` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${all} ${matching(question, names.length)}.`
}

/** What an environment without changes is, without its subject. */
export function matching(question: Question, count: number): string {
  if (question === 'rollback') return `${count === 1 ? 'is as it was' : 'are as they were'} before the apply`
  return `match${count === 1 ? 'es' : ''} the files`
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Where a change is written; what is to be deleted is written nowhere. */
export function sourceOf(change: Change): Source | undefined {
  return change.action === 'delete' ? undefined : change.after.source
}

/** `roles/ci.yaml:3`, or with the column, as editors understand it. */
export function formatPlace(source: Source, withColumn = false): string {
  return visible(withColumn ? formatSource(source) : `${source.file}:${source.line}`)
}

export function kindOfChange(change: Change): string {
  return change.action === 'delete' ? change.before.kind : change.after.kind
}

export const unmanagedTitle = 'Unmanaged: owned by this environment, described by no file, left alone'
export const unmanagedHelp =
  'To keep them, describe them. To have them deleted, set "unmanaged: delete" in the environment\'s file; to hear no more of them, "unmanaged: ignore".'
