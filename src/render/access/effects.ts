import type { AccessEffect, AccessReport } from '../../core/access-effect.ts'
import type { Question } from '../plan/renderer.ts'
import { visible } from '../visible.ts'

/** What formats for people have in common about what a plan means for who may do what. */

export interface AccessLine {
  /** What can be done more, less, or otherwise; `?` for what could not be decided. */
  readonly sign: '+' | '-' | '~' | '?'
  /** In one line, safe for a terminal. */
  readonly text: string
}

const signs: Readonly<Record<AccessEffect['effect'], AccessLine['sign']>> = { gain: '+', loss: '-', change: '~' }

export function accessLines({ effects, beyond }: AccessReport): AccessLine[] {
  return [
    ...effects.map(({ effect, text }) => ({ sign: signs[effect], text: visible(text) })),
    ...beyond.map(({ about, reason }) => ({
      sign: '?' as const,
      text: visible(`not decided: ${about === undefined ? '' : `${about}: `}${reason}`),
    })),
  ]
}

/** Of each kind of effect a reader sees some, however many there are of the others. */
const leastOfEach = 8

export interface AccessExcerpt {
  readonly shown: readonly AccessLine[]
  readonly left: readonly AccessLine[]
}

/** At most so many lines, in their order: some of each sign, all that could not be decided before anything else. */
export function excerpt(lines: readonly AccessLine[], limit: number): AccessExcerpt {
  if (lines.length <= limit) return { shown: lines, left: [] }
  const order: readonly AccessLine['sign'][] = ['?', '+', '-', '~']
  const of = (sign: AccessLine['sign']) => lines.filter((line) => line.sign === sign)
  const some = order.flatMap((sign) => of(sign).slice(0, leastOfEach))
  const more = order.flatMap((sign) => of(sign).slice(leastOfEach))
  const chosen = new Set([...some, ...more].slice(0, limit))
  return { shown: lines.filter((line) => chosen.has(line)), left: lines.filter((line) => !chosen.has(line)) }
}

const kindsOfEffects: Readonly<Record<AccessLine['sign'], readonly [one: string, many: string]>> = {
  '+': ['gain', 'gains'],
  '-': ['loss', 'losses'],
  '~': ['change', 'changes'],
  '?': ['not decided', 'not decided'],
}

/** `1,940 more effects (1,900 gains, 40 losses)`. */
export function moreEffects(left: readonly AccessLine[]): string {
  const counts = (Object.keys(kindsOfEffects) as AccessLine['sign'][]).flatMap((sign) => {
    const count = left.filter((line) => line.sign === sign).length
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${kindsOfEffects[sign][count === 1 ? 0 : 1]}`]
  })
  return `${left.length.toLocaleString('en')} more ${left.length === 1 ? 'effect' : 'effects'} (${counts.join(', ')})`
}

export const nothingGained = 'nothing gains or loses access'

/** In drift the report says what putting things back would mean. */
export function accessTitle(question: Question): string {
  return question === 'drift' ? 'Access, by putting this back' : 'Access'
}

/** As diffs mark a line that came, went or changed; `#` is a line about the diff. */
export const diffSigns: Readonly<Record<AccessLine['sign'], string>> = { '+': '+', '-': '-', '~': '!', '?': '#' }
