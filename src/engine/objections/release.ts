import { matchesGlob } from '../../core/glob.ts'
import type { Kinds } from '../../core/kind.ts'
import { nearest } from '../../core/nearest.ts'
import type { Brake } from './brake.ts'
import { allKinds } from './share.ts'

/** Whether what was allowed is this refusal. Exactly, but for brakes of `many` objects. */
export function releases({ many }: Pick<Brake, 'many'>, allowed: string, refusal: string): boolean {
  if (allowed === refusal) return true
  if (many !== true || !allowed.includes('*')) return false
  // `*` reaches no further than a name: never from a mount into one below it.
  const [pattern, name] = [split(allowed), split(refusal)]
  return pattern.folder === name.folder && matchesGlob(pattern.name, name.name)
}

function split(text: string): { readonly folder: string; readonly name: string } {
  const at = text.lastIndexOf('/')
  return { folder: text.slice(0, at), name: text.slice(at + 1) }
}

/** Why a text is nothing that `--allow` could mean; undefined when it is. */
export function refuseAllowance(brakes: readonly Brake[], kinds: Kinds, allowed: string): string | undefined {
  const colon = allowed.indexOf(':')
  const [name, about] = [allowed.slice(0, Math.max(colon, 0)), allowed.slice(colon + 1)]
  const brake = brakes.find((one) => one.name === name)
  if (brake === undefined) return `there is nothing of that name to allow; there are ${brakes.map(formOf).join(', ')}`
  const [kind = '', ...names] = about.split('/')
  const known = [...kinds.map((one) => one.name), ...(brake.about === 'kind' ? [allKinds] : [])]
  if (!known.includes(kind)) {
    const near = nearest(kind, known)
    return `there is no kind of object called "${kind}"${near === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${near}?`}`
  }
  if ((brake.about === 'kind') !== (names.length === 0) || (brake.about === 'address' && names.includes('')))
    return `it takes the form ${formOf(brake)}`
  if (!about.includes('*')) return undefined
  if (brake.many !== true) return 'it takes one object, named in full, and no *'
  const folder = names.slice(0, -1)
  return folder.length === 0 || folder.some((part) => part.includes('*'))
    ? 'a * may stand only in the last part, such as unbind:jwt-role/jwt/ci-*'
    : undefined
}

function formOf({ name, about }: Brake): string {
  return `${name}:<${about}>`
}
