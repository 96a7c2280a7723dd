/** `npm run build`: bundles src/ into dist/, whatever is there already. */
import { build, ensureInstalled, fail } from './setup.mjs'

try {
  ensureInstalled()
  build()
} catch (error) {
  fail(error)
}
