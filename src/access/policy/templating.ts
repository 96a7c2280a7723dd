import { HclError } from '../hcl/errors.ts'

/**
 * Whether a path is to be filled in with the identity of whoever asks (vault sdk/helper/identitytpl/templating.go,
 * PopulateString). What stands between the braces is looked at only then. Throws where braces lack their counterpart.
 */
export function isTemplated(path: string): boolean {
  const templated = maybeTemplated(path)
  if (templated === undefined)
    throw new HclError('failed to validate policy templating: unbalanced templating characters')
  return templated
}

/** The same, undefined where braces lack their counterpart. */
export function maybeTemplated(path: string): boolean | undefined {
  if (!path.includes('{{') && !path.includes('}}')) return false
  const [before = '', ...pieces] = path.split('{{')
  const balanced = !before.includes('}}') && pieces.every((piece) => piece.split('}}').length === 2)
  return balanced ? pieces.length > 0 : undefined
}
