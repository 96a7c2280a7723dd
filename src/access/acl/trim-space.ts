import { goSpace } from '../hcl/go-text.ts'

const edges = new RegExp(`^${goSpace.source}+|${goSpace.source}+$`, 'g')

/** Go's strings.TrimSpace, which takes U+0085 for a space and U+FEFF for none; JavaScript's trim does the reverse. */
export function trimSpace(text: string): string {
  return text.replace(edges, '')
}
