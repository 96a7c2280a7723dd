import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Plan, planFormat } from '../../src/core/plan.ts'
import { renderers } from '../../src/render/plan/index.ts'
import type { Question } from '../../src/render/plan/renderer.ts'

/**
 * A folder is a story: its name the sentence, `plan.json` the plan, the other files what each rendering makes of it.
 * `story.json` may ask another question or name other renderings. UPDATE_GOLDEN=1 writes the expectations anew; read
 * every line that changes, for an expectation that nobody judged proves nothing.
 */

interface Story {
  readonly question?: Question
  readonly renderings?: readonly Rendering[]
}

type Rendering = keyof typeof files

const files = {
  text: { file: 'text.txt', format: 'text', color: false },
  'text-color': { file: 'text-color.txt', format: 'text', color: true },
  json: { file: 'report.json', format: 'json', color: false },
  markdown: { file: 'comment.md', format: 'markdown', color: false },
  'terraform-report': { file: 'terraform-report.json', format: 'terraform-report', color: false },
} as const

const root = import.meta.dirname
const stories = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())

describe.each(stories.map(({ name }) => name))('%s', (name) => {
  const path = (file: string) => join(root, name, file)
  const plan = JSON.parse(readFileSync(path('plan.json'), 'utf8')) as Plan
  const story = existsSync(path('story.json')) ? (JSON.parse(readFileSync(path('story.json'), 'utf8')) as Story) : {}
  const { question = 'plan', renderings = ['text', 'json', 'markdown', 'terraform-report'] } = story

  test('the plan is one that this version understands', () => {
    expect(plan.format).toBe(planFormat)
  })

  test.each(renderings)('as %s', async (rendering) => {
    const { file, format, color } = files[rendering]
    const renderer = await renderers[format]?.()
    const rendered = renderer?.plan(plan, { question, color }) ?? ''
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path(file), rendered)
    expect(rendered).toBe(readFileSync(path(file), 'utf8'))
  })

  test('every expectation in the folder is one that is compared', () => {
    const compared = renderings.map((rendering) => files[rendering].file as string)
    expect(readdirSync(join(root, name)).sort()).toEqual(
      [...compared, 'plan.json', ...(existsSync(path('story.json')) ? ['story.json'] : [])].sort(),
    )
  })
})
