import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { everyCommand, figures, formatsOf, runsOf, tally, tryOut } from './pass.ts'
import { rows } from './rows.ts'
import { scene } from './scene.ts'

const minutes = 60_000

test(
  'no command shows a secret in any of its formats, in a file it leaves, or to those who list processes',
  async () => {
    const world = await scene()
    const counted = tally()
    expect(Object.keys(rows(world)).sort()).toEqual(everyCommand.map(({ name }) => name).sort())
    const order = Object.keys(rows(world))
    for (const name of order) {
      const command = everyCommand.find((one) => one.name === name)
      const formats = command === undefined ? [] : await formatsOf(command)
      const { length } = runsOf(world, name)
      for (let index = 0; index < length; index++) {
        const run = runsOf(world, name)[index]
        if (run === undefined) continue
        const choices = index > 0 || run.words.includes('--format') || /^(apply|import)$/.test(name) ? [] : formats
        await tryOut(world, name, run, { tally: counted })
        for (const format of choices.filter((choice) => choice !== 'text'))
          await tryOut(world, name, run, { tally: counted, more: ['--format', format] })
      }
    }
    await world.stop()
    process.stdout.write(figures('plain', world, counted))
    expect(counted.leaks).toEqual([])
    expect(counted.astray).toEqual([])
  },
  20 * minutes,
)

test('what a command does show is found', async () => {
  const world = await scene()
  const text = world.planted.plant('a description')
  const file = 'environments/shown.yaml'
  writeFileSync(join(world.places.work, file), `auth: { ${world.id}-shown: { type: jwt, description: ${text} } }\n`)
  const counted = tally()
  const run = { words: ['plan', '-e', 'shown', '--out', 'shown.json'], ends: [2], env: world.env }
  await tryOut(world, 'plan', run, { tally: counted })
  await world.stop()
  expect(counted.astray).toEqual([])
  const told = 'plan -e shown --out shown.json: a description (plain) in'
  expect(counted.leaks).toEqual([`${told} stdout`, `${told} ${join(world.places.work, 'shown.json')}`])
})
