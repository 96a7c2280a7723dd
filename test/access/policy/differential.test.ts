import fc from 'fast-check'
import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parsePolicy } from '../../../src/access/policy/parse.ts'
import { storedPolicyText } from '../../../src/access/policy/stored-text.ts'
import type { Product } from '../../../src/core/server.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { cases, seed } from '../../support/generated.ts'
import { liveVault } from '../../support/live-vault.ts'
import { policyText } from './policy-texts.ts'

/** What a server says to a text: whether it takes it, its refusal word for word, or no answer at all. */
type Verdict = { readonly taken: true } | { readonly errors: readonly string[] } | { readonly crash: true }

let agent: Agent
let server: ServerVersion
let address: string
let token: string

beforeAll(async () => {
  agent = new Agent({ connections: 8 })
  ;({ address, token } = await liveVault())
  const health = (await (await request(`${address}/v1/sys/health`, { dispatcher: agent })).body.json()) as {
    version: string
    performance_standby?: boolean
  }
  const product: Product = Number(health.version.split('.')[0]) >= 2 ? 'openbao' : 'vault'
  server = { product, version: health.version }
})

afterAll(() => agent.close())

async function theirs(text: string): Promise<Verdict> {
  try {
    const answer = await request(`${address}/v1/sys/policies/acl/differential-grammar`, {
      method: 'POST',
      headers: { 'x-vault-token': token },
      body: JSON.stringify({ policy: text }),
      dispatcher: agent,
    })
    const body = await answer.body.text()
    return answer.statusCode === 204 || answer.statusCode === 200
      ? { taken: true }
      : { errors: JSON.parse(body).errors }
  } catch (error) {
    if ((error as { code?: string }).code === 'UND_ERR_SOCKET') return { crash: true }
    throw error
  }
}

function ours(text: string): Verdict {
  const stored = storedPolicyText(text)
  if ('refused' in stored) return { errors: [stored.refused] }
  const parsed = parsePolicy('differential-grammar', stored.text, server)
  if ('policy' in parsed) return { taken: true }
  return parsed.refused.crash ? { crash: true } : { errors: parsed.refused.errors }
}

/** By what its words begin with, to see that all kinds of mistakes occurred. */
function classOf(verdict: Verdict): string {
  if ('taken' in verdict) return 'taken'
  if ('crash' in verdict) return 'crash'
  return (verdict.errors[0] ?? '')
    .replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '…')
    .replace(/\d+/g, '0')
    .replace(/root\.[^:]*/, 'root')
    .slice(24, 90)
}

/** Go templates are a language of their own, of which we judge only the plainest. */
function isBeyond(expected: Verdict, actual: Verdict): boolean {
  const words = 'errors' in expected ? (expected.errors[0] ?? '') : ''
  return 'taken' in actual && / list_scan_response_keys_filter_path(: unable to| resulted)/.test(words)
}

async function compare(texts: readonly string[], seen: Map<string, number>): Promise<string[]> {
  const differences: string[] = []
  const queue = [...texts.entries()]
  const work = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [, text] = next
      const [expected, actual] = [await theirs(text), ours(text)]
      const kind = classOf(expected)
      seen.set(kind, (seen.get(kind) ?? 0) + 1)
      if (JSON.stringify(expected) !== JSON.stringify(actual) && !isBeyond(expected, actual))
        differences.push(
          `${JSON.stringify(text)}\n  server: ${JSON.stringify(expected)}\n  ours:   ${JSON.stringify(actual)}`,
        )
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return differences
}

describe('the grammar of policies', () => {
  test('takes, refuses and words its refusals as the server does', { timeout: 3_600_000 }, async () => {
    const [total, first] = [cases(2_000), seed()]
    const seen = new Map<string, number>()
    const differences: string[] = []
    for (let done = 0; done < total && differences.length < 20; done += 2_000)
      differences.push(
        ...(await compare(fc.sample(policyText, { numRuns: Math.min(2_000, total - done), seed: first + done }), seen)),
      )
    const table = [...seen].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${String(count).padStart(7)} ${kind}`)
    console.info(`${total} policies on ${server.product} ${server.version}, seed ${first}\n${table.join('\n')}`)
    expect(differences.slice(0, 20)).toEqual([])
    expect(seen.get('taken')).toBeGreaterThan(total / 20)
    expect(seen.size).toBeGreaterThan(20)
  })
})
