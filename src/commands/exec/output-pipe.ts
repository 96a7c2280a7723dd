import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** What the command writes to, and where it is read from. */
export interface OutputPipe {
  /** For `stdio` of a spawned process. */
  readonly writer: number | 'pipe'
  /** What was written; of a process that has been spawned with the writer, or could not be. */
  reader(ofChild: Readable | null): Readable | undefined
}

/**
 * A pipe as a shell makes it. Node's own are sockets, and those cannot be opened once more: `echo … > /dev/stderr`, which
 * scripts are full of, would fail. Where there is no mkfifo it is one of Node's after all.
 */
export function openOutputPipe(): OutputPipe {
  const fifo = openFifo()
  if (fifo === undefined) return { writer: 'pipe', reader: (ofChild) => ofChild ?? undefined }
  return {
    writer: fifo.writer,
    reader() {
      // The command has its own copy by now; the last one that is closed ends the output.
      closeSync(fifo.writer)
      return new Socket({ fd: fifo.reader, readable: true, writable: false })
    },
  }
}

/** It has a name only for as long as it takes to open both ends. */
function openFifo(): { readonly reader: number; readonly writer: number } | undefined {
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(tmpdir(), 'vaultwright-'))
    const path = join(folder, 'output')
    execFileSync('mkfifo', ['-m', '600', path], { stdio: 'ignore' })
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return { reader, writer: openSync(path, constants.O_WRONLY) }
  } catch {
    return undefined
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
