import { glv01 } from './glv01-no-project.ts'
import { glv02 } from './glv02-chosen-by-anybody.ts'
import { glv03 } from './glv03-no-audience.ts'
import { glv04 } from './glv04-not-a-string.ts'
import { glv05 } from './glv05-not-a-number.ts'
import { glv06 } from './glv06-not-a-name.ts'
import { glv07 } from './glv07-squatted-path.ts'
import { glv08 } from './glv08-issuer.ts'
import { glv09 } from './glv09-unprotected-ref.ts'
import { glv10 } from './glv10-any-value.ts'
import { glv11 } from './glv11-path-only.ts'
import { glv12 } from './glv12-branch-or-tag.ts'
import { glv13 } from './glv13-loose-ref.ts'
import { glv14 } from './glv14-merge-requests.ts'
import { glv15 } from './glv15-free-environment.ts'
import { glv16 } from './glv16-free-edition.ts'
import { glv17 } from './glv17-environment-action.ts'
import { glv18 } from './glv18-both-projects.ts'
import { glv19 } from './glv19-entity-per-job.ts'
import { glv20 } from './glv20-person-as-identity.ts'
import { glv21 } from './glv21-long-tokens.ts'
import { glv22 } from './glv22-leases-end-early.ts'
import { glv23 } from './glv23-batch-limits.ts'
import { glv24 } from './glv24-role-type.ts'
import { glv25 } from './glv25-shared-role.ts'
import { glv26 } from './glv26-direct-group.ts'
import { glv27 } from './glv27-mutable-template.ts'
import { glv28 } from './glv28-leeway.ts'
import { glv29 } from './glv29-any-pipeline-file.ts'
import { glv30 } from './glv30-data-path.ts'
import { glv31 } from './glv31-unknown-claim.ts'
import { glv32 } from './glv32-literal-pattern.ts'
import { glv33 } from './glv33-metadata-key.ts'
import { policyDeny } from './policy-deny.ts'
import { policyEmpty } from './policy-empty.ts'
import { policyEverything } from './policy-everything.ts'
import { policyKv2Data } from './policy-kv2-data.ts'
import { policyKv2Metadata } from './policy-kv2-metadata.ts'
import { policyNever } from './policy-never.ts'
import { policyPlus } from './policy-plus.ts'
import { policyRegex } from './policy-regex.ts'
import { policyServer } from './policy-server.ts'
import { policyShadowed } from './policy-shadowed.ts'
import { policyShorthand } from './policy-shorthand.ts'
import { policySlash } from './policy-slash.ts'
import { policyStar } from './policy-star.ts'
import { policySudo } from './policy-sudo.ts'
import { policyUseless } from './policy-useless.ts'
import type { Rule } from './rule.ts'

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
