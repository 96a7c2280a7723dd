import { expect, test } from 'vitest'
import { type Files, type LoadFilesOptions, loadFiles, told } from '../support/files.ts'

/** `code file:line:column`, then words that the message or its help must hold. */
export type Expected = readonly [place: string, ...words: string[]]

/** A sentence, the files, and everything that a person must be told about them: no more and no less. */
export type Mistake = readonly [
  sentence: string,
  files: Files,
  expected: readonly Expected[],
  options?: LoadFilesOptions,
]

export function testMistakes(mistakes: readonly Mistake[]): void {
  for (const [sentence, files, expected, options] of mistakes)
    test(sentence, async () => expectTold(told(await loadFiles(files, options)), expected))
}

export function expectTold(lines: readonly string[], expected: readonly Expected[]): void {
  expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(expected.map(([place]) => place))
  for (const [index, [, ...words]] of expected.entries()) for (const word of words) expect(lines[index]).toContain(word)
}
