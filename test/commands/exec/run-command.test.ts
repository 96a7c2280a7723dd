import { ChildProcess } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { runCommand } from '../../../src/commands/exec/run-command.ts'

afterEach(() => vi.restoreAllMocks())

test('a command that takes no signal from this user, as behind sudo, is waited for', async () => {
  // What Node does where the system answers EPERM.
  vi.spyOn(ChildProcess.prototype, 'kill').mockImplementation(function (this: ChildProcess) {
    this.emit('error', Object.assign(new Error('kill EPERM'), { code: 'EPERM' }))
    return false
  })
  const output = { write: (_: string | Uint8Array, done?: (error?: Error | null) => void) => done?.() }
  const signals = {
    asked: new AbortController().signal,
    first: () => undefined,
    sendTo(kill: ((name: NodeJS.Signals) => void) | undefined) {
      kill?.('SIGTERM')
      kill?.('SIGKILL')
    },
    release() {},
  }
  const command = ['sh', '-c', 'exit 7'] as const
  const run = { command, env: process.env, stdout: output, stderr: output, signals, say: () => {} }
  expect(await runCommand({ ...run, command: [...command] })).toBe(7)
})
