import type { AccessEffect, AccessReport } from '../core/access-effect.ts'
import type { Question } from './renderer.ts'
import { visible } from './visible.ts'

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

export const nothingGained = 'nothing gains or loses access'

/** In drift the report says what putting things back would mean. */
export function accessTitle(question: Question): string {
  return question === 'drift' ? 'Access, by putting this back' : 'Access'
}

/** As diffs mark a line that came, went or changed; `#` is a line about the diff. */
export const diffSigns: Readonly<Record<AccessLine['sign'], string>> = { '+': '+', '-': '-', '~': '!', '?': '#' }
