import type { ClaimWords } from '../../core/access-effect.ts'
import type { Box } from './box.ts'
import type { Folded } from './ref-words.ts'
import { counted, enumerate, namedIn, nameOf, onlyNamed } from './value-words.ts'

/** `protected environment production`, `environments other than staging, or none`; undefined where nothing is said. */
export function environmentWords(box: Box): Folded | undefined {
  const [name, guarded, tier] = ['environment', 'environment_protected', 'deployment_tier'].map((claim) =>
    box.get(claim),
  )
  const named = name && namedIn(name)
  const guard = guardOf(guarded)
  const tiers = onlyNamed(tier)
  const claims = [
    ...(named === undefined ? [] : ['environment']),
    ...(guard === undefined ? [] : ['environment_protected']),
    ...(tiers === undefined ? [] : ['deployment_tier']),
  ]
  if (claims.length === 0) return undefined
  if (guard?.none === true && named === undefined && tiers === undefined) return { noun: 'no environment', claims }
  const word = guard?.word ?? ''
  const places = named?.oneOf
    ? counted(named.oneOf, `${word}environment`, `${word}environments`)
    : `${word}environments`
  const except = named && named.noneOf.length > 0 ? ` other than ${enumerate(named.noneOf.map(nameOf), 'and')}` : ''
  const tierText = tiers === undefined ? '' : ` of tier ${enumerate(tiers.map(nameOf), 'or')}`
  const present = named?.present === true || guard?.present === true || tiers !== undefined
  return { noun: `${places}${tierText}${except}${present ? '' : ', or none'}`, claims }
}

interface Guard {
  readonly word: '' | 'protected ' | 'unprotected '
  readonly present: boolean
  /** Neither of the two, so that there is no environment. */
  readonly none?: true
}

/** A job without an environment has no such claim; so what is not protected may be none at all. */
function guardOf(words: ClaimWords | undefined): Guard | undefined {
  if (words === undefined) return undefined
  const values = onlyNamed(words)
  if (values?.length === 2) return { word: '', present: true }
  if (values !== undefined) return { word: values[0] === 'true' ? 'protected ' : 'unprotected ', present: true }
  if (words.allOf.length > 0) return undefined
  if (words.noneOf.length > 1) return { word: '', present: false, none: true }
  return { word: words.noneOf[0] === 'true' ? 'unprotected ' : 'protected ', present: false }
}
