import { forBlocks } from './policy-blocks.ts'
import { kv2Parts, kv2Path } from './policy-kv2.ts'
import type { Rule } from './rule.ts'

export const policyKv2Data: Rule = {
  id: 'VWP11',
  title: 'a kv-v2 path without "data/"',
  level: 'error',
  why: 'The API of kv-v2 has data/ or another word behind the mount. A rule without it matches no request, so reading the secret is refused with "permission denied".',
  example: {
    bad: 'path "ops/production/db" { capabilities = ["read"] }',
    good: 'path "ops/data/production/db" { capabilities = ["read"] }',
  },
  check: forBlocks(function* (block, subject) {
    const path = kv2Path(block, subject)
    if (path === undefined || !isOther(path.part)) return
    const { mount, part, rest } = path
    const meant = [mount, 'data', part, rest].filter((piece, index) => index < 3 || piece !== '').join('/')
    yield {
      message: `"${block.rule.written}" is no path of kv-v2, which the mount "${mount}" is: behind it comes "data/"`,
      help: `Write "${meant}"; lists are at "${mount}/metadata/".`,
    }
  }),
}

/** A part that is open, a wildcard or a template, may be one of the engine's. */
function isOther(part: string): boolean {
  if (part === '' || part === '+' || part.includes('{{')) return false
  const beginning = part.endsWith('*') ? part.slice(0, -1) : undefined
  return beginning === undefined
    ? !Object.hasOwn(kv2Parts, part)
    : !Object.keys(kv2Parts).some((known) => known.startsWith(beginning) || beginning.startsWith(known))
}
