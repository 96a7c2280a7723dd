import type { JsonValue } from '../core/json.ts'

/** Longer ones are no words for people. */
const longest = 2_000
/** Of one answer; a server that has more to say does not help anybody. */
const most = 100

/** What a server says in a list of texts, whatever it really put there: nothing is called on its values. */
export function wordsOf(said: readonly unknown[]): string[] {
  const words = said
    .slice(0, most)
    .map((item) => cut(typeof item === 'string' ? item : JSON.stringify(item as JsonValue)))
  return said.length > most ? [...words, `and ${said.length - most} more`] : words
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
