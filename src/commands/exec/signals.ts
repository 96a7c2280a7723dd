import { constants } from 'node:os'
import type { Context } from '../session/command.ts'

/** The signals of a run: the first one asks, a second one does not. */
export interface Signals {
  /** Aborted by the first that asks to end. */
  readonly asked: AbortSignal
  /** The first that asked to end. */
  first(): NodeJS.Signals | undefined
  /** From now on they are for this process, until it is gone. */
  sendTo(kill: ((name: NodeJS.Signals) => void) | undefined): void
  release(): void
}

const ending: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
const others: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2']

/** One press of Ctrl-C can arrive twice, from the terminal and from npm or the like; within so many milliseconds it is one. */
const echo = 200

/** As a shell reports a process that a signal ended. */
export function codeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name]
}

export function takeSignals({ takeSignals: take, stdin }: Context): Signals {
  const controller = new AbortController()
  let first: { readonly name: NodeJS.Signals; readonly at: number } | undefined
  let send: ((name: NodeJS.Signals) => void) | undefined
  const onSignal = (name: NodeJS.Signals) => {
    if (others.includes(name)) return send?.(name)
    if (first === undefined) {
      first = { name, at: Date.now() }
      controller.abort()
      // A terminal has sent it to the command already.
      if (!(name === 'SIGINT' && stdin.isTTY === true)) send?.(name)
    } else if (first.name !== name || Date.now() - first.at > echo) {
      if (send === undefined) process.exit(codeOf(name))
      send('SIGKILL')
    }
  }
  const release = take?.([...ending, ...others], onSignal) ?? (() => {})
  return {
    asked: controller.signal,
    first: () => first?.name,
    sendTo(kill) {
      send = kill
      if (first !== undefined) kill?.(first.name)
    },
    release,
  }
}
