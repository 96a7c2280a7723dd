import { countChanges, type Plan } from '../../core/plan.ts'
import type { Renderer } from './renderer.ts'

/**
 * GitLab's merge request widget (`artifacts:reports:terraform`): one object with exactly these three numbers, or the
 * widget shows an error (gitlab lib/gitlab/ci/parsers/terraform/tfplan.rb).
 */
export const terraformReport: Renderer = {
  plan(plan: Plan): string {
    const { create, update, delete: removed } = countChanges(plan.environments)
    return `${JSON.stringify({ create, update, delete: removed })}\n`
  },
}
