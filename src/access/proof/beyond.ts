import type { AccessBeyond } from '../../core/access-effect.ts'
import type { Address } from '../../core/resource.ts'
import { TooManyTexts } from '../claims/texts.ts'
import { TooManyStates } from '../paths/automaton.ts'
import { TooManyCells } from './cells.ts'

interface Answered<T> {
  readonly value?: T | undefined
  readonly beyond: readonly AccessBeyond[]
}

/** What a computation answers, or that it was too much: rules or globs that interlock without end. */
export function orBeyond<T>(about: Address, compute: () => Answered<T>): Answered<T> {
  try {
    return compute()
  } catch (error) {
    if (error instanceof TooManyStates)
      return {
        beyond: [{ about, reason: 'its policies have so many overlapping paths that they cannot be told apart' }],
      }
    if (error instanceof TooManyTexts)
      return { beyond: [{ about, reason: 'its globs overlap so much that they cannot be told apart' }] }
    if (error instanceof TooManyCells)
      return { beyond: [{ about, reason: 'so many roles admit some of its tokens that they cannot be told apart' }] }
    throw error
  }
}
