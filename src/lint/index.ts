import type { Rule } from './rule.ts'
import { glv01 } from './rules/glv01-no-project.ts'
import { glv02 } from './rules/glv02-chosen-by-anybody.ts'
import { glv03 } from './rules/glv03-no-audience.ts'
import { glv04 } from './rules/glv04-not-a-string.ts'
import { glv05 } from './rules/glv05-not-a-number.ts'
import { glv06 } from './rules/glv06-not-a-name.ts'
import { glv07 } from './rules/glv07-squatted-path.ts'
import { glv08 } from './rules/glv08-issuer.ts'
import { glv09 } from './rules/glv09-unprotected-ref.ts'
import { glv10 } from './rules/glv10-any-value.ts'
import { glv11 } from './rules/glv11-path-only.ts'
import { glv12 } from './rules/glv12-branch-or-tag.ts'
import { glv13 } from './rules/glv13-loose-ref.ts'
import { glv14 } from './rules/glv14-merge-requests.ts'
import { glv15 } from './rules/glv15-free-environment.ts'
import { glv16 } from './rules/glv16-free-edition.ts'
import { glv17 } from './rules/glv17-environment-action.ts'
import { glv18 } from './rules/glv18-both-projects.ts'
import { glv19 } from './rules/glv19-entity-per-job.ts'
import { glv20 } from './rules/glv20-person-as-identity.ts'
import { glv21 } from './rules/glv21-long-tokens.ts'
import { glv22 } from './rules/glv22-leases-end-early.ts'
import { glv23 } from './rules/glv23-batch-limits.ts'
import { glv24 } from './rules/glv24-role-type.ts'
import { glv25 } from './rules/glv25-shared-role.ts'
import { glv26 } from './rules/glv26-direct-group.ts'
import { glv27 } from './rules/glv27-mutable-template.ts'
import { glv28 } from './rules/glv28-leeway.ts'
import { glv29 } from './rules/glv29-any-pipeline-file.ts'
import { glv30 } from './rules/glv30-data-path.ts'
import { glv31 } from './rules/glv31-unknown-claim.ts'
import { glv32 } from './rules/glv32-literal-pattern.ts'
import { glv33 } from './rules/glv33-metadata-key.ts'
import { glv34 } from './rules/glv34-shortened-tokens.ts'
import { policyDeny } from './rules/policy-deny.ts'
import { policyEmpty } from './rules/policy-empty.ts'
import { policyEverything } from './rules/policy-everything.ts'
import { policyKv2Data } from './rules/policy-kv2-data.ts'
import { policyKv2Metadata } from './rules/policy-kv2-metadata.ts'
import { policyNever } from './rules/policy-never.ts'
import { policyPlus } from './rules/policy-plus.ts'
import { policyRegex } from './rules/policy-regex.ts'
import { policyServer } from './rules/policy-server.ts'
import { policyShadowed } from './rules/policy-shadowed.ts'
import { policyShorthand } from './rules/policy-shorthand.ts'
import { policySlash } from './rules/policy-slash.ts'
import { policyStar } from './rules/policy-star.ts'
import { policySudo } from './rules/policy-sudo.ts'
import { policyUseless } from './rules/policy-useless.ts'

/** Every rule, sorted by ID; a new one is a file beside this and a line here. */
export const rules: readonly Rule[] = [
  glv01,
  glv02,
  glv03,
  glv04,
  glv05,
  glv06,
  glv07,
  glv08,
  glv09,
  glv10,
  glv11,
  glv12,
  glv13,
  glv14,
  glv15,
  glv16,
  glv17,
  glv18,
  glv19,
  glv20,
  glv21,
  glv22,
  glv23,
  glv24,
  glv25,
  glv26,
  glv27,
  glv28,
  glv29,
  glv30,
  glv31,
  glv32,
  glv33,
  glv34,
  policyNever,
  policyStar,
  policyPlus,
  policyRegex,
  policySlash,
  policyEmpty,
  policyDeny,
  policyShorthand,
  policyShadowed,
  policyEverything,
  policyKv2Data,
  policyKv2Metadata,
  policyUseless,
  policySudo,
  policyServer,
]
