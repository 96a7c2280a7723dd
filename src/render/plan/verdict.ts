import type { PlannedObjection } from '../../core/plan.ts'
import type { Question } from './renderer.ts'

/** What formats for people say above the objections to a plan. */
export function objectionsTitle(question: Question): string {
  return question === 'drift' ? 'Putting it back would be refused' : 'Must not be applied'
}

/** Above what would have been objected to, had nobody named it on the command line. */
export const releasedTitle = 'Released by hand'

export function objectionLine({ message, help }: PlannedObjection): string {
  return `${message}. ${help}`
}
