import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { trails } from '../../../src/audit/trail.ts'
import { readAuditLogs } from '../../../src/commands/session/audit-log.ts'
import { type Context, Interrupted } from '../../../src/commands/session/command.ts'
import { UserError } from '../../../src/core/diagnostic.ts'
import { kindOf } from '../../../src/core/kind.ts'
import { kinds } from '../../../src/kinds/index.ts'
import { entry, log } from '../../audit/entries.ts'
import { withFiles } from '../../support/files.ts'

const wanted = { namespace: '', object: kindOf(kinds, 'policy').identify('ci') }
const line = log(entry('salt', { path: 'sys/policies/acl/ci', data: { policy: 'x' } }))

function contextIn(cwd: string, stdin = '', signal = new AbortController().signal): Context {
  const output = { write: () => true }
  return { cwd, env: {}, stdin: Readable.from([stdin]), stdout: output, stderr: output, signal }
}

async function read(content: Uint8Array | string) {
  const cwd = withFiles({ 'audit.log': content })
  const gathered = trails(kinds, [wanted])
  const said = await readAuditLogs(contextIn(cwd), ['audit.log'], gathered)
  return { ...said, traces: gathered.of(wanted).traces.length }
}

test('an empty log, packed or not, holds nothing and is no mistake', async () => {
  for (const content of ['', '\n\n', gzipSync('')]) expect(await read(content)).toEqual({ warnings: [], traces: 0 })
})

test('a packed log of several members is read to its end', async () => {
  const other = log(entry('salt', { path: 'sys/policies/acl/ci', id: 'other', time: '2026-11-21T00:00:00Z' }))
  const found = await read(Buffer.concat([gzipSync(line), gzipSync(other)]))
  expect(found).toMatchObject({
    traces: 2,
    from: '2026-11-20T14:00:00.000000000Z',
    to: '2026-11-21T00:00:00.000000000Z',
  })
})

test('a run that is stopped does not read on', async () => {
  const cwd = withFiles({ 'audit.log': line })
  const context = contextIn(cwd, '', AbortSignal.abort())
  await expect(readAuditLogs(context, ['audit.log', 'audit.log'], trails(kinds, [wanted]))).rejects.toThrow(Interrupted)
})

test('whatever bytes a log has, it is read, or refused in words', async () => {
  const cwd = withFiles({})
  const bits = fc.oneof(
    fc
      .constantFrom(line, line.slice(0, 100), '{"request":{"path":"sys/policies/acl/ci"}}\n', '}\n', '\u0000')
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  )
  const content = fc
    .tuple(
      fc.array(bits, { maxLength: 8 }).map((parts) => Buffer.concat(parts)),
      fc.boolean(),
      fc.nat(30),
      fc.nat(200),
    )
    .map(([bytes, packed, cut, spoilt]) => {
      if (!packed) return bytes
      const zipped = gzipSync(bytes)
      if (spoilt < zipped.length) zipped[spoilt] = 0xff
      return zipped.subarray(0, zipped.length - cut)
    })
  let [read, refused] = [0, 0]
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      writeFileSync(join(cwd, 'audit.log'), bytes)
      try {
        await readAuditLogs(contextIn(cwd), ['audit.log'], trails(kinds, [wanted]))
        read++
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        refused++
      }
    }),
    { numRuns: 300 },
  )
  expect(Math.min(read, refused)).toBeGreaterThan(10)
})
