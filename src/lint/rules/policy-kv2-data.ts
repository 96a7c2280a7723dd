import { type MissedSecret, missedSecrets, whoReads } from '../missed-secrets.ts'
import { forBlocks } from '../policy-blocks.ts'
import { kv2Path, missesData } from '../policy-kv2.ts'
import type { Rule } from '../rule.ts'

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
    if (path === undefined || !missesData(block, subject)) return
    const { mount, part, rest } = path
    const meant = [mount, 'data', part, rest].filter((piece, index) => index < 3 || piece !== '').join('/')
    yield {
      message: `"${block.rule.written}" is no path of kv-v2, which the mount "${mount}" is: behind it comes "data/"${missing(missedSecrets(subject).filter(({ rule }) => rule === block.rule))}`,
      help: `Write "${meant}"; lists are at "${mount}/metadata/".`,
    }
  }),
}

function missing([first, ...others]: readonly MissedSecret[]): string {
  if (first === undefined) return ''
  return `; ${whoReads(first)} and are refused${others.length > 0 ? `, and ${others.length} more` : ''}`
}
