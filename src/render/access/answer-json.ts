import type { MergedRule } from '../../access/acl/decision.ts'
import type { AccessAnswer, AccessReport } from '../../access/why/answer.ts'
import { isAllowed } from '../../access/why/answer.ts'
import type { Explanation } from '../../access/why/failures.ts'
import type { JudgedCheck, JudgedLogin } from '../../access/why/judge.ts'
import type { TokenPolicies } from '../../access/why/token-policies.ts'
import { byText } from '../../core/json.ts'
import { document, sourceReport } from '../plan/json.ts'

/** The answers of `access can` for programs. */
export function canJson(reports: readonly AccessReport[], notes: readonly string[]): string {
  return document({
    format: 'vaultwright-access-can/1',
    allowed: reports.every(isAllowed),
    answers: reports.map(accessReport),
    notes,
  })
}

export function accessReport(report: AccessReport): object {
  const { environment, server, login, access } = report
  return {
    ...(environment === undefined ? {} : { environment }),
    server: `${server.product}@${server.version}`,
    allowed: isAllowed(report),
    ...(login === undefined ? {} : { login: loginReport(login) }),
    ...(access === undefined ? {} : { access: answerReport(access) }),
  }
}

export function loginReport({ mount, role, decision, checks }: JudgedLogin): object {
  const { checks: _, ...result } = decision
  return { mount, role, ...result, checks: checks.map(checkReport) }
}

function checkReport({ source, hints, ...check }: JudgedCheck): object {
  return {
    ...check,
    ...(source === undefined ? {} : { source: sourceReport(source) }),
    ...(hints.length === 0 ? {} : { hints }),
  }
}

function answerReport({ asked, allowed, capabilities, policies, token, decision, help }: AccessAnswer): object {
  const { denial, rule, beaten, root } = decision
  return {
    capability: asked.capability,
    path: asked.path,
    allowed,
    capabilities,
    policies,
    ...(token.unknown.length === 0 ? {} : { unknown: token.unknown }),
    ...(root ? { root } : {}),
    ...(denial === undefined ? {} : { denial }),
    ...(rule === undefined ? {} : { rule: ruleReport(rule, token) }),
    beaten: beaten.map(({ rule: other, because }) => ({ ...ruleReport(other, token), because })),
    help,
  }
}

function ruleReport({ pattern, match, capabilities, from }: MergedRule, { origins }: TokenPolicies): object {
  return {
    path: match === 'prefix' ? `${pattern}*` : pattern,
    capabilities: [...capabilities].sort(byText),
    from: from.map(({ policy, rule }) => {
      const origin = origins.get(policy.name)
      return {
        policy: policy.name,
        ...(origin?.from === 'file' ? { file: origin.file } : {}),
        ...(origin?.from === 'role' ? { generatedFor: sourceReport(origin.source) } : {}),
        line: rule.position.line,
        column: rule.position.column,
      }
    }),
  }
}

export function explanationReport({ failure, found, name }: Explanation): object {
  const { id, stage, symptom, cause, fix } = failure
  return { id, stage, symptom, found, ...(name === undefined ? {} : { name }), cause, fix }
}
