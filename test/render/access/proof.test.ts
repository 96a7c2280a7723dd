import { describe, expect, test } from 'vitest'
import { canAny } from '../../../src/access/proof/can.ts'
import { proofRenderers } from '../../../src/render/access/proof.ts'
import { model, policyText } from '../../support/access-models.ts'

const asked = { claims: [], capabilities: ['read'] as const, paths: 'ops/*' }

function said(role: Parameters<typeof model>[0]): string {
  const answer = canAny(model(role), asked)
  const report = { question: asked, proofs: [{ environment: 'production', answer }] }
  return proofRenderers.text(report, { color: false }).split('\n')[0] as string
}

describe('a question about every token', () => {
  const roles = { ci: { bound_claims: { project_id: '42' }, token_policies: ['p'] } }

  test('is answered for any where none can, and for some where one can', () => {
    expect(said({ roles, policies: { p: policyText({ 'a/*': 'read' }) } })).toBe(
      'production: never: no way for any token to read on ops/*',
    )
    expect(said({ roles, policies: { p: policyText({ 'ops/*': 'read' }) } })).toBe(
      'production: possible: there is a way for some token to read on ops/*',
    )
    expect(said({ roles })).toBe('production: not decided: whether there is a way for some token to read on ops/*')
  })
})
