import { compareSent } from './compare.ts'
import { serverHashesIn } from './entry.ts'
import type { Hashes, Subject } from './subject.ts'
import type { Trace, Trail } from './trail.ts'

/** `sys/remount` names its mounts in the body, so that a log has their hashes only. */

/** A move concerns what the hashes say that it brought or took; every other request is about the object already. */
export function concerns(subject: Subject, trace: Trace, hashes: Hashes): boolean {
  return trace.request.does !== 'move' || sidesOf(subject, trace, hashes).length > 0
}

export function takesAway(subject: Subject, trace: Trace, hashes: Hashes): boolean {
  if (trace.request.does === 'remove') return true
  return trace.request.does === 'move' && sidesOf(subject, trace, hashes).includes('from')
}

function sidesOf(subject: Subject, { sent }: Trace, hashes: Hashes): string[] {
  const names = mountSpellings(subject)
  return ['from', 'to'].filter((side) =>
    sent.some(({ log, data }) => {
      const value = data[side]
      const same = (name: string) => compareSent(value as string, name, (text) => hashes.of(text, log)) === 'same'
      return typeof value === 'string' && names.some(same)
    }),
  )
}

/** As people write a mount to sys/remount, which takes a namespace before it. */
export function mountSpellings({ mount, namespace }: Subject): string[] {
  if (mount === undefined) return []
  const full = namespace === '' ? [mount] : [mount, `${namespace}/${mount}`]
  return full.flatMap((name) => [name, `${name}/`])
}

/** Whether the logs hold a move that may be the answer, and nobody can tell of which mounts it was. */
export function hasUnclearMove(subject: Subject, { traces }: Trail, hashes: Hashes): boolean {
  if (subject.mount === undefined) return false
  return traces.some(
    (trace) =>
      trace.request.does === 'move' &&
      trace.request.outcome === 'done' &&
      sidesOf(subject, trace, hashes).length === 0 &&
      trace.sent.some(({ log, data }) => serverHashesIn(data).size > 0 && hashes.doubt(log) !== undefined),
  )
}
