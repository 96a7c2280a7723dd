import picocolors from 'picocolors'
import type { AccessAnswer, ClaimConstraint, Counterexample, ReachAnswer } from '../../access/proof/answers.ts'
import type { AccessBeyond, ClaimWord } from '../../core/access-effect.ts'
import { document } from '../plan/json.ts'
import { formatValue } from '../value.ts'
import { visible } from '../visible.ts'

/** A question about all tokens and all paths, and what it came to in each environment. */
interface ProofReport {
  readonly question: {
    readonly capabilities: readonly string[]
    readonly paths: string
    readonly claims: readonly ClaimConstraint[]
  }
  readonly proofs: readonly {
    readonly environment: string
    readonly answer: AccessAnswer
    readonly reach?: readonly (ReachAnswer & { readonly capability: string })[]
  }[]
}

type RenderProof = (report: ProofReport, options: { readonly color: boolean }) => string

/** Raised when a reader of an older report would misunderstand a newer one; new keys do not raise it. docs/report.md */
const proofFormat = 'vaultwright-access-prove/1'

export const proofRenderers: Readonly<Record<'text' | 'json', RenderProof>> = { text: asText, json: asJson }

type Ink = ReturnType<typeof picocolors.createColors>

function asText({ question, proofs }: ProofReport, { color }: { readonly color: boolean }): string {
  const ink = picocolors.createColors(color)
  const asked = `${question.capabilities.join(' or ')} on ${visible(question.paths)}`
  const claims = question.claims.map(claimText).join(', ')
  const parts = proofs.map(({ environment, answer, reach = [] }) =>
    [
      `${ink.bold(visible(environment))}: ${verdict(answer, `${whom(answer, claims)} to ${asked}`, ink)}`,
      ...('counterexample' in answer ? exampleLines(answer.counterexample, ink) : []),
      ...reach.flatMap((one) => reachLines(one)),
      ...('beyond' in answer ? answer.beyond.map((beyond) => beyondLine(beyond, ink)) : []),
    ].join('\n'),
  )
  return `${parts.join('\n\n')}\n`
}

/** Of all tokens none can, or of them some can. */
function whom({ answer }: AccessAnswer, claims: string): string {
  if (claims !== '') return `a token with ${claims}`
  return answer === 'never' ? 'any token' : 'some token'
}

function verdict({ answer }: AccessAnswer, what: string, ink: Ink): string {
  switch (answer) {
    case 'never':
      return `${ink.green('never')}: no way for ${what}`
    case 'counterexample':
      return `${ink.red('possible')}: there is a way for ${what}`
    case 'beyond':
      return `${ink.magenta('not decided')}: whether there is a way for ${what}`
  }
}

/** A token and a request that anybody can try. */
function exampleLines({ address, claims, path, capability, rule }: Counterexample, ink: Ink): string[] {
  const places = rule.from.map(({ policy, rule: block }) =>
    visible(`${policy.file ?? `policy ${policy.name}`}:${block.position.line}`),
  )
  return [
    `  for example ${capability} on ${visible(path)} through ${visible(address)}`,
    ink.dim(`  by the rule at ${places.join(', ')}; a token of it has`),
    ...Object.entries(claims).map(([claim, value]) => `    ${visible(claim)}: ${formatValue(value, [claim])}`),
  ]
}

function reachLines({ capability, roles }: ReachAnswer & { readonly capability: string }): string[] {
  return roles.map(({ address, who, paths }) =>
    visible(`  ${capability}: ${address}, tokens of ${who}, on ${paths.join(', ')}`),
  )
}

function beyondLine({ about, reason }: AccessBeyond, ink: Ink): string {
  return `  ${ink.magenta('?')} ${visible(`${about === undefined ? '' : `${about}: `}${reason}`)}`
}

function claimText(constraint: ClaimConstraint): string {
  const [words, sign] = 'oneOf' in constraint ? [constraint.oneOf, '='] : [constraint.noneOf, '!=']
  return visible(`${constraint.claim} ${sign} ${words.map(wordText).join(' or ')}`)
}

function wordText(word: ClaimWord): string {
  if (typeof word !== 'object') return JSON.stringify(word)
  return 'glob' in word ? JSON.stringify(word.glob) : word.form
}

/** Rules are named by where they stand: the rest of them is the policy's text. */
function asJson({ question, proofs }: ProofReport): string {
  return document({
    format: proofFormat,
    question,
    proofs: proofs.map(({ environment, answer, reach }) => ({
      environment,
      ...('counterexample' in answer ? { ...answer, counterexample: plain(answer.counterexample) } : answer),
      ...(reach === undefined ? {} : { reach }),
    })),
  })
}

function plain({ rule, ...example }: Counterexample): object {
  const places = rule.from.map(({ policy, rule: block }) => ({
    policy: policy.name,
    ...(policy.file === undefined ? {} : { file: policy.file }),
    line: block.position.line,
  }))
  return { ...example, rule: { pattern: rule.pattern, match: rule.match, places } }
}
