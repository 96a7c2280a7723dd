import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const demo = fileURLToPath(new URL('../scripts/demo.mjs', import.meta.url))

test('the demo, the first thing that the README tells people to run, goes through to its end', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { encoding: 'utf8' })
  expect(stderr).not.toContain('The demo failed')
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
    status: 0,
    last: '# Done. Next: README.md, "Five minutes to an applied change".',
  })
})
