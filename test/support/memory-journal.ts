import { type Journal, type JournalRecord, journalFormat, journalLine, parseJournal } from '../../src/core/journal.ts'
import type { ServerInfo } from '../../src/core/server.ts'
import type { ChangeJournal } from '../../src/engine/apply.ts'

/** A journal of one environment that is kept in memory, in the form in which it would be on the disk. */
export interface MemoryJournal extends ChangeJournal {
  readonly records: JournalRecord[]
  text(environment: string, server: ServerInfo): string
  journal(environment: string, server: ServerInfo): Journal
}

const at = '2026-01-01T00:00:00.000Z'

export function memoryJournal(): MemoryJournal {
  const records: JournalRecord[] = []
  let count = 0
  const text = (environment: string, server: ServerInfo) => {
    const { product, version, address, namespace, clusterId } = server
    const environments = [{ environment, server: { product, version, address, namespace, clusterId } }]
    return linesOf([
      { record: 'header', format: journalFormat, program: '0', at, plan: 'sha256:0', environments },
      ...records,
    ])
  }
  return {
    records,
    text,
    async begin(intent) {
      records.push({ record: 'begin', seq: ++count, at, ...intent })
      return count
    },
    end(seq, ending) {
      records.push({ record: 'end', seq, at, ...ending })
    },
    journal: (environment, server) => parseJournal(text(environment, server), 'journal.jsonl'),
  }
}

export function linesOf(records: readonly JournalRecord[]): string {
  let previous = ''
  return records
    .map((record) => {
      const { line, digest } = journalLine(record, previous)
      previous = digest
      return line
    })
    .join('')
}
