import fc from 'fast-check'
import { parsePolicy } from '../../src/access/policy/parse.ts'
import { storedPolicyText } from '../../src/access/policy/stored-text.ts'
import type { ServerVersion } from '../../src/core/version.ts'
import { policyText } from '../access/policy/policy-texts.ts'
import { type Client, call } from './client.ts'
import type { Tally } from './tally.ts'

/** What a server says to a text: whether it takes it, its refusal word for word, or no answer at all. */
type Verdict = { readonly taken: true } | { readonly errors: readonly string[] } | { readonly crash: true }

const name = 'differential-grammar'

/** How many texts are asked about at a time. */
const atOnce = 8

export interface PolicyCases {
  readonly client: Client
  readonly server: ServerVersion
  readonly tally: Tally
}

/** A text on which the server and ourselves differ, with both verdicts, as small as it gets; undefined for none. */
export async function policyDifference(world: PolicyCases, seed: number, numRuns: number): Promise<string | undefined> {
  const queue = fc.sample(policyText, { numRuns, seed })
  let differs = false
  const work = async () => {
    for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
      if ((await differenceAt(world, text)) !== undefined) differs = true
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return differs ? await smallest(world, seed, numRuns) : undefined
}

async function smallest(world: PolicyCases, seed: number, numRuns: number): Promise<string> {
  let last = ''
  const agrees = async (text: string) => {
    const difference = await differenceAt(world, text)
    last = difference ?? last
    return difference === undefined
  }
  await fc.check(fc.asyncProperty(policyText, agrees), { seed, numRuns })
  return last
}

async function differenceAt({ client, server, tally }: PolicyCases, text: string): Promise<string | undefined> {
  const [expected, actual] = [await theirs(client, text), ours(server, text)]
  tally.count([classOf(expected)])
  if (JSON.stringify(expected) === JSON.stringify(actual) || isBeyond(expected, actual)) return undefined
  return `${JSON.stringify(text)}\n  server: ${JSON.stringify(expected)}\n  ours:   ${JSON.stringify(actual)}`
}

async function theirs(client: Client, text: string): Promise<Verdict> {
  try {
    const { status, body } = await call(client, 'POST', `sys/policies/acl/${name}`, { policy: text })
    return status === 204 || status === 200 ? { taken: true } : { errors: (body['errors'] ?? []) as string[] }
  } catch (error) {
    // A text that makes the server's handler panic ends the connection, not the server.
    if ((error as { code?: string }).code === 'UND_ERR_SOCKET') return { crash: true }
    throw error
  }
}

function ours(server: ServerVersion, text: string): Verdict {
  const stored = storedPolicyText(text)
  if ('refused' in stored) return { errors: [stored.refused] }
  const parsed = parsePolicy(name, stored.text, server)
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
    .replace(/\s+/g, ' ')
    .replace(/illegal char: .*/, 'illegal char')
    .replace(/root\.[^:]*/, 'root')
    .slice(24, 90)
}

/** Go templates are a language of their own, of which we judge only the plainest. */
function isBeyond(expected: Verdict, actual: Verdict): boolean {
  const words = 'errors' in expected ? (expected.errors[0] ?? '') : ''
  return 'taken' in actual && / list_scan_response_keys_filter_path(: unable to| resulted)/.test(words)
}
