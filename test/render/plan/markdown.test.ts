import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { code, diffFence } from '../../../src/render/markdown-escape.ts'
import { commentLimit, markdown, renderComment } from '../../../src/render/plan/markdown.ts'
import { visible } from '../../../src/render/visible.ts'
import { created, environmentOf, hostile, hostilePlan, planOf } from './plans.ts'

const options = { color: false, question: 'plan' } as const

/** Splits at fences as CommonMark 4.5 does: a fence ends at one at least as long, indented by three spaces at most. */
function withoutFences(comment: string): { readonly lines: string[]; readonly fences: number; readonly open: boolean } {
  const lines: string[] = []
  let [fence, fences] = ['', 0]
  for (const line of comment.split('\n')) {
    const ticks = /^ {0,3}(`{3,})([^`]*)$/.exec(line)
    if (fence === '' && ticks !== null) [fence, fences] = [ticks[1] ?? '', fences + 1]
    else if (fence === '') lines.push(line)
    else if (ticks !== null && (ticks[1] ?? '').length >= fence.length && ticks[2]?.trim() === '') fence = ''
  }
  return { lines, fences, open: fence !== '' }
}

describe('whatever the names and texts', () => {
  test('outside fences nothing of them can be markup, a mention or a quick action', () => {
    fc.assert(
      fc.property(hostilePlan, fc.constantFrom('plan', 'drift'), (plan, question) => {
        const comment = markdown.plan(plan, { color: false, question: question as 'plan' })
        const { lines, fences, open } = withoutFences(comment)
        expect(open).toBe(false)
        expect(fences).toBe(plan.environments.reduce((sum, { changes }) => sum + changes.length, 0))
        const ours = lines.join('\n').replace(/<code>[A-Za-z0-9 ./&#;-]*<\/code>|<\/?details>|<\/?summary>/g, '')
        expect(ours).not.toMatch(/[<>@`|[\]*_~\\&]/)
      }),
    )
  })

  test('no line begins with a slash, not even inside a fence', () => {
    fc.assert(
      fc.property(hostilePlan, (plan) => {
        expect(markdown.plan(plan, options)).not.toMatch(/^\s*\//m)
      }),
    )
  })
})

describe('code', () => {
  test('reads as what was written', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const inner = code(text).slice('<code>'.length, -'</code>'.length)
        expect(inner.replace(/&#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))).toBe(visible(text))
      }),
    )
  })

  test('holds no bare link', () => {
    expect(code('https://a.example WWW.a.example')).toBe('<code>https&#58;//a.example WWW&#46;a.example</code>')
  })
})

test('a fence is longer than every run of backticks in it', () => {
  expect(diffFence(['+ `````'])).toBe('``````diff\n+ `````\n``````')
  expect(diffFence(['+ `'])).toBe('```diff\n+ `\n```')
})

const many = (count: number) =>
  planOf(environmentOf(Array.from({ length: count }, (_, i) => created({ a: 'b' }, 'toy', `x${i}`))))

describe('a comment that would be too long', () => {
  test('shows all of sixty changes, and of sixty-one only the addresses', () => {
    expect(markdown.plan(many(60), options).match(/<details>/g)).toHaveLength(60)
    const short = markdown.plan(many(61), options)
    expect(short).not.toContain('<details>')
    expect(short).toContain('Only the addresses are shown')
    expect(short.match(/^- create <code>toy\/x\d+<\/code>/gm)).toHaveLength(61)
  })

  test('leaves the details out when they do not fit', () => {
    const plan = planOf(environmentOf([created({ policy: 'x\n'.repeat(300_000) })]))
    const comment = markdown.plan(plan, options)
    expect(comment.length).toBeLessThan(1000)
    expect(comment).toContain('- create <code>toy/x</code>')
  })

  test('is never longer than the limit, and says how many changes are missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 400, max: 8000 }), (count, limit) => {
        const comment = renderComment(many(count), options, limit)
        expect(comment.length).toBeLessThanOrEqual(limit)
        const shown = comment.match(/<code>toy\/x\d+<\/code>/g)?.length ?? 0
        const missing = Number(/(\d+) changes? not shown/.exec(comment)?.[1] ?? 0)
        expect(shown + missing).toBe(count)
      }),
    )
  })

  test('keeps to what GitLab takes, with ten thousand changes', () => {
    const name = 'n'.repeat(100)
    const plan = planOf(environmentOf(Array.from({ length: 10_000 }, (_, i) => created({}, 'toy', `${name}${i}`))))
    const comment = markdown.plan(plan, options)
    expect(comment.length).toBeLessThanOrEqual(commentLimit)
    expect(comment.length).toBeGreaterThan(commentLimit - 1000)
    expect(comment).toMatch(/\d+ changes not shown/)
  })

  test('says in every heading what is in no file', () => {
    const rogue = environmentOf([], { unmanaged: ['policy/a', 'policy/b'] })
    const changed = environmentOf([created({ a: 1 })], { environment: 'staging', unmanaged: ['policy/c'] })
    const headings = (question: 'plan' | 'drift', ...all: Parameters<typeof planOf>) =>
      markdown.plan(planOf(...all), { color: false, question }).match(/^##.*/gm)
    expect(headings('plan', rogue)).toEqual([
      '## Vault access: no changes, but 2 objects on the server are in no file',
      '### <code>production</code>: no changes, but 2 objects on the server are in no file',
    ])
    expect(headings('drift', rogue, changed)).toEqual([
      '## Vault drift: 1 missing, 0 changed, 0 added; 3 objects on the server are in no file',
      '### <code>production</code>: no drift in what the files describe; 2 objects on the server are in no file',
      "### <code>staging</code>: changed behind the files' back, 1 missing, 0 changed, 0 added; 1 object on the server is in no file",
    ])
  })

  test('names sixty unmanaged objects and counts the others', () => {
    const unmanaged = Array.from({ length: 75 }, (_, i) => `policy/p${i}`)
    const comment = markdown.plan(planOf(environmentOf([], { unmanaged })), options)
    expect(comment.match(/^- <code>policy/gm)).toHaveLength(60)
    expect(comment).toContain('\n- and 15 more\n')
  })
})
