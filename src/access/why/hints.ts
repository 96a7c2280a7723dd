import type { LoginCheck } from '../login/login.ts'
import { addressHints } from './address-hints.ts'
import { gitlabHints } from './gitlab-hints.ts'
import type { Hint, HintRule, LoginCase } from './hint.ts'
import { tokenHints } from './token-hints.ts'
import { valueHints } from './value-hints.ts'

/** The usual mistakes, in the order in which they are told. */
export const hintRules: readonly HintRule[] = [...tokenHints, ...addressHints, ...valueHints, ...gitlabHints]

/** What may explain a failed check; none for one that passed. */
export function hintsFor(check: LoginCheck, login: LoginCase): readonly Hint[] {
  if (check.ok) return []
  return hintRules
    .filter(({ checks }) => checks.includes(check.check))
    .flatMap(({ id, when }) => {
      const text = when(check, login)
      return text === undefined ? [] : [{ id, text }]
    })
}
