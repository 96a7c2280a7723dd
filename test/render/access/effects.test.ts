import { describe, expect, test } from 'vitest'
import type { AccessEffect, AccessReport } from '../../../src/core/access-effect.ts'
import { type Plan, planFormat } from '../../../src/core/plan.ts'
import { type AccessLine, excerpt, moreEffects } from '../../../src/render/access/effects.ts'
import { markdown } from '../../../src/render/plan/markdown.ts'
import { text } from '../../../src/render/plan/text.ts'

function effects(kind: AccessEffect['effect'], count: number, length = 0): AccessEffect[] {
  return Array.from({ length: count }, (_, i) => ({
    effect: kind,
    roles: [],
    who: '',
    claims: [],
    text: `${kind} number ${i} ${'x'.repeat(length)}`.trim(),
  }))
}

function planOf(access: AccessReport): Plan {
  return {
    format: planFormat,
    environments: [
      {
        environment: 'production',
        server: { product: 'vault', version: '1.21.0', address: 'http://vault.test', namespace: '', clusterId: '' },
        changes: [],
        unmanaged: [],
        notices: ['a note, so that the environment shows'],
        access,
      },
    ],
  } as unknown as Plan
}

const many: AccessReport = {
  effects: [...effects('gain', 1900), ...effects('loss', 40), ...effects('change', 1)],
  beyond: [{ reason: 'too much' }],
}

const lines = (sign: AccessLine['sign'], count: number) =>
  Array.from({ length: count }, (_, i) => ({ sign, text: `${sign}${i}` }))

describe('effects, more of them than anybody reads', () => {
  test('an excerpt has some of every kind, in the order in which they were', () => {
    const all = [...lines('+', 100), ...lines('-', 2), ...lines('~', 50), ...lines('?', 20)]
    const { shown, left } = excerpt(all, 60)
    expect(shown).toHaveLength(60)
    expect(shown.filter(({ sign }) => sign === '-')).toHaveLength(2)
    expect(shown.filter(({ sign }) => sign === '?')).toHaveLength(20)
    expect(shown.filter(({ sign }) => sign === '~').length).toBeGreaterThan(0)
    expect([...shown].sort((a, b) => all.indexOf(a) - all.indexOf(b))).toEqual(shown)
    expect(new Set([...shown, ...left])).toEqual(new Set(all))
  })

  test('few of them are all shown', () => {
    const all = lines('+', 60)
    expect(excerpt(all, 60)).toEqual({ shown: all, left: [] })
  })

  test('what is left is counted by kind', () => {
    expect(moreEffects([...lines('+', 1900), ...lines('-', 1)])).toBe('1,901 more effects (1,900 gains, 1 loss)')
  })

  test('text ends with how many there are more, unless more is asked for', () => {
    const options = { color: false, question: 'plan' } as const
    const short = text.plan(planOf(many), options)
    expect(short.match(/^ {2}[+~?-] /gm)).toHaveLength(60)
    expect(short).toContain('? not decided: too much')
    expect(short).toMatch(/and 1,882 more effects \(.*\): -v shows them, --format json has all/)
    const whole = text.plan(planOf(many), { ...options, verbose: true })
    expect(whole.match(/^ {2}[+~?-] /gm)).toHaveLength(1942)
    expect(whole).not.toContain('more effects')
  })

  test('a comment folds them, up to what a comment can hold', () => {
    const options = { color: false, question: 'plan' } as const
    const comment = markdown.plan(planOf(many), options)
    expect(comment.split('<details>')[0]?.match(/^[+!#-] /gm)).toHaveLength(30)
    expect(comment).toContain('<details><summary>1,912 more effects (')
    const long = markdown.plan(planOf({ effects: effects('gain', 1000, 500), beyond: [] }), options)
    expect(long.length).toBeLessThan(100_000)
    expect(long).toMatch(/\d+ more effects \(\d+ gains\) in the JSON report\./)
  })
})
