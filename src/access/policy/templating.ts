import { HclError } from '../hcl/errors.ts'

/**
 * Whether a path is to be filled in with the identity of whoever asks (vault sdk/helper/identitytpl/templating.go,
 * PopulateString). What stands between the braces is looked at only then. Throws where braces lack their counterpart.
 */
export function isTemplated(path: string): boolean {
  const [before = '', ...pieces] = path.split('{{')
  const balanced = !before.includes('}}') && pieces.every((piece) => piece.split('}}').length === 2)
  if (!balanced) throw new HclError('failed to validate policy templating: unbalanced templating characters')
  return pieces.length > 0
}
