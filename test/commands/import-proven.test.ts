import { expect, test } from 'vitest'
import { untilProved } from '../../src/commands/import/proven.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import type { Address } from '../../src/core/resource.ts'

const flaw = (address: string) => ({ message: `${address} would be updated`, addresses: [address as Address] })

/** Attempts that have what each of them is wrong about; gives how they were made. */
function attempts(...flaws: (readonly string[])[]) {
  const made: { fold: boolean; apart: string[] }[] = []
  const attempt = async ({ fold, apart }: { fold: boolean; apart: ReadonlySet<Address> }) => {
    made.push({ fold, apart: [...apart] })
    return { flaws: (flaws[made.length - 1] ?? flaws.at(-1) ?? []).map(flaw) }
  }
  return { made, attempt }
}

test('what folding does not say exactly is written apart, and nothing else', async () => {
  const { made, attempt } = attempts(['policy/a', 'policy/b'], ['policy/c'], [])
  await untilProved(true, attempt)
  expect(made).toEqual([
    { fold: true, apart: [] },
    { fold: true, apart: ['policy/a', 'policy/b'] },
    { fold: true, apart: ['policy/a', 'policy/b', 'policy/c'] },
  ])
})

test('everything is written apart before an import gives up, and then it says of which objects', async () => {
  const { made, attempt } = attempts(['policy/a'])
  await expect(untilProved(true, attempt)).rejects.toThrow(UserError)
  expect(made.map(({ fold }) => fold)).toEqual([true, true, true, false])
  const once = attempts(['policy/a'])
  await expect(untilProved(false, once.attempt)).rejects.toThrow(/policy\/a would be updated[\s\S]*nothing was written/)
  expect(once.made).toHaveLength(1)
})
