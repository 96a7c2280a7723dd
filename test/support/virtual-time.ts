import type { Clock } from '../../src/engine/lock.ts'

/**
 * Time that stands still while anything is done and then leaps to the next thing that is due: what takes an hour takes
 * no time, and what happens at once happens in an order that the seed decides.
 */
export interface VirtualTime extends Clock {
  /** Runs until nothing is due any more. */
  run(): Promise<void>
}

export function virtualTime(): VirtualTime {
  let now = 0
  let due: { readonly at: number; readonly wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        due.push({ at: now + milliseconds, wake })
        signal?.addEventListener('abort', wake, { once: true })
      }),
    async run() {
      // All that promises can do without time passing is done between two of these.
      await new Promise(setImmediate)
      while (due.length > 0) {
        const next = due.reduce((first, other) => (other.at < first.at ? other : first))
        due = due.filter((other) => other !== next)
        now = Math.max(now, next.at)
        next.wake()
        await new Promise(setImmediate)
      }
    },
  }
}
