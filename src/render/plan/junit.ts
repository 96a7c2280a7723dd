import type { Change } from '../../core/change.ts'
import type { EnvironmentPlan, Plan } from '../../core/plan.ts'
import { type JunitCase, junitDocument } from '../junit.ts'
import { formatAction, formatMatching, kindOfChange, sourceOf, unmanagedHelp } from '../words.ts'
import { attributionLines } from './attribution.ts'
import type { Question, Renderer } from './renderer.ts'
import { text } from './text.ts'
import { objectionLine, objectionsTitle, releasedTitle } from './verdict.ts'

/**
 * For GitLab's test report: a suite for each environment, and a case for each object. Drift fails its case, and so does an
 * object that no file describes; what a plan would change is wanted, so that its case passes and says what it is.
 */
export const planJunit: Renderer = {
  plan(plan: Plan, { question }): string {
    return junitDocument(
      plan.environments.map((environment) => ({
        name: environment.environment,
        cases: casesOf(plan, environment, question),
      })),
    )
  },
}

function casesOf(plan: Plan, environment: EnvironmentPlan, question: Question): JunitCase[] {
  const { environment: classname, changes, unmanaged } = environment
  const cases = [
    ...verdictCases(environment, question),
    ...changes.map((change) => changed(plan, environment, change, question)),
    ...unmanaged.map((address) =>
      described({ classname, name: address }, attributionLines(environment, address), question),
    ),
  ]
  return cases.length > 0 ? cases : [{ classname, name: formatMatching([environment], question) }]
}

/** That a plan is refused is what the report is looked at for; drift fails by what has changed. */
function verdictCases(
  { environment, objections = [], allowed = [] }: EnvironmentPlan,
  question: Question,
): JunitCase[] {
  const refused = objections.map((objection) => {
    const known = { classname: environment, name: objection.allow ?? objection.message }
    const text = objectionLine(objection)
    if (question === 'drift') return { ...known, output: `${objectionsTitle(question)}: ${text}` }
    return {
      ...known,
      failure: { message: `${objectionsTitle(question)}: ${objection.message}`, type: objection.code, text },
    }
  })
  return [...refused, ...allowed.map((name) => ({ classname: environment, name, output: releasedTitle }))]
}

function changed(plan: Plan, environment: EnvironmentPlan, change: Change, question: Question): JunitCase {
  const { access: _, objections: __, allowed: ___, ...rest } = environment
  const alone = { ...plan, environments: [{ ...rest, changes: [change], unmanaged: [], notices: [] }] }
  const shown = text.plan(alone, { color: false, question }).trimEnd()
  const file = sourceOf(change)?.file
  const known = {
    classname: environment.environment,
    name: change.address,
    ...(file === undefined ? {} : { file }),
  }
  if (question !== 'drift') return { ...known, output: shown }
  const message = `${formatAction(change.action, question)} behind the files' back`
  return { ...known, failure: { message, type: kindOfChange(change), text: shown } }
}

function described(
  known: Pick<JunitCase, 'classname' | 'name'>,
  who: readonly string[],
  question: Question,
): JunitCase {
  const message = 'no file describes it'
  if (question !== 'drift') return { ...known, output: message }
  return { ...known, failure: { message, type: 'unmanaged', text: [...who, unmanagedHelp].join('\n') } }
}
