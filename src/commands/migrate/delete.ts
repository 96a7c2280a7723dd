import { createInterface } from 'node:readline/promises'
import { type Diagnostic, problem, UserError } from '../../core/diagnostic.ts'
import { beforeDeletion, type Checklist, type ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import { keyAndScope } from '../../gitlab/migrate/inventory.ts'
import type { GitlabClient } from '../../gitlab-api/client.ts'
import { removeVariable } from '../../gitlab-api/endpoints.ts'
import { visible } from '../../render/visible.ts'
import { countOf } from '../../render/words.ts'
import type { Context } from '../session/command.ts'
import { usage } from '../session/options.ts'
import { ownerAt } from './verify-gitlab.ts'

/** What `--only` names, each once. Throws UserError for a name of none or of several. */
export function namedItems({ items }: Checklist, only: readonly string[]): readonly ChecklistItem[] {
  const matches = only.map((name) => [name, items.filter((one) => isNamed(one, name))] as const)
  const problems = matches.flatMap(([name, found]) => misnamed(name, found))
  if (problems.length > 0) throw new UserError(problems)
  return [...new Set(matches.flatMap(([, found]) => found))]
}

/** Throws UserError with everything that stands against deleting what `--only` names: then nothing is deleted. */
export function chosenForDeletion(checklist: Checklist, only: readonly string[]): readonly ChecklistItem[] {
  const open = namedItems(checklist, only).filter(({ steps }) => steps.deleted.state !== 'verified')
  const problems = open.flatMap((one) =>
    objections(one).map((why) => problem('not-verified', `${one.id} is not deleted: ${why}`, 'Nothing was deleted.')),
  )
  if (problems.length > 0) throw new UserError(problems)
  return open
}

function misnamed(name: string, found: readonly ChecklistItem[]): readonly Diagnostic[] {
  const [first, ...more] = found
  const words = `--only ${name}: the checklist has`
  if (first === undefined) return [problem('unknown-variable', `${words} no such variable`, 'Write KEY, or KEY@scope.')]
  const help = `Write the whole name, such as --only ${JSON.stringify(first.id)}.`
  return more.length === 0 ? [] : [problem('several-variables', `${words} ${found.length} of that name`, help)]
}

/** By key and scope, or by the whole name where two places have the same. */
function isNamed({ id, key, environment_scope: scope }: ChecklistItem, name: string): boolean {
  return name === id || name === keyAndScope(key, scope)
}

function objections(one: ChecklistItem): readonly string[] {
  if (ownerAt(one.place) === undefined) return [`a variable of kind ${one.place.kind} is for somebody else to delete`]
  return beforeDeletion(one)
}

/** What is not a matter of the list, but changes with the deletion all the same. */
export function sayMentions({ stderr }: Context, items: readonly ChecklistItem[]): void {
  for (const { id, key, mentioned_by: by = [] } of items) {
    if (by.length === 0) continue
    const others = by.map(visible).join(', ')
    stderr.write(`${visible(id)} is mentioned as $${key} by ${others}: look at what they are without it.\n`)
  }
}

/** Throws UserError unless somebody says yes. */
export async function confirmDeletion(
  context: Context,
  items: readonly ChecklistItem[],
  approved: boolean,
): Promise<void> {
  if (items.length === 0 || approved) return
  if (context.stdin.isTTY !== true)
    throw usage('there is no terminal to ask on', 'Say --auto-approve where the list was read before.')
  context.stderr.write(items.map((one) => `  ${visible(one.id)}${reach(one)}\n`).join(''))
  const questions = createInterface({ input: context.stdin, output: context.stderr as NodeJS.WritableStream })
  try {
    const words = `Delete ${countOf(items.length, 'variable')} from GitLab? Only "yes" is taken as a yes: `
    const answer = await questions.question(words, { signal: context.signal })
    if (answer.trim() !== 'yes')
      throw new UserError([problem('declined', 'nothing was deleted: the answer was not "yes"')])
  } finally {
    questions.close()
  }
}

function reach({ place }: ChecklistItem): string {
  return place.kind === 'group' ? ' (every project of the group loses it, also those that are not in the list)' : ''
}

/** One after the other; each is said when it is gone. */
export async function deleteVariables(
  { stderr }: Context,
  client: GitlabClient,
  items: readonly ChecklistItem[],
): Promise<void> {
  for (const { id, key, environment_scope, place } of items) {
    const owner = ownerAt(place)
    if (owner === undefined) continue
    const was = await removeVariable(client, owner, { key, environment_scope })
    stderr.write(`${was ? 'deleted' : 'was gone already'}: ${visible(id)}\n`)
  }
}
