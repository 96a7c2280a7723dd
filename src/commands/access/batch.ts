import { Writable } from 'node:stream'
import { type Context, Interrupted, type Output } from '../session/command.ts'
import { readInput } from './input.ts'
import { answerer } from './question.ts'

/**
 * Answers a file of questions, one JSON a line, with one JSON a line in the same order; blank lines are no questions.
 * Gives 1 when a line held no question, or else 0.
 */
export async function runBatch(context: Context, file: string): Promise<number> {
  const answer = answerer()
  let code = 0
  for await (const lines of linesOf(readInput(context, file))) {
    if (context.signal.aborted) throw new Interrupted()
    let out = ''
    for (const line of lines) {
      if (line.trim() === '') continue
      const answered = answer(line)
      if (!answered.ok) code = 1
      out += `${answered.answer}\n`
    }
    if (out !== '') await write(context.stdout, out)
  }
  return code
}

/** As many whole lines at a time as arrived. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest: string[] = []
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf('\n')
    if (end === -1) {
      rest.push(chunk)
      continue
    }
    yield (rest.join('') + chunk.slice(0, end)).split('\n')
    rest = [chunk.slice(end + 1)]
  }
  yield [rest.join('')]
}

/** Waits while whoever reads is slower, so that answers do not pile up; a reader who went away ends the waiting. */
async function write(output: Output, text: string): Promise<void> {
  if (output.write(text) !== false || !(output instanceof Writable)) return
  await new Promise<void>((resume) => {
    for (const event of ['drain', 'close', 'error']) output.once(event, () => resume())
  })
}
