import type { CiRule } from './rule.ts'
import { editionRules } from './rules/edition.ts'
import { environmentRules } from './rules/environment.ts'
import { formRules } from './rules/forms.ts'
import { loginRules } from './rules/login.ts'
import { pathRules } from './rules/paths.ts'
import { tokenRules } from './rules/tokens.ts'
import { useRules } from './rules/use.ts'
import { variableRules } from './rules/variables.ts'

/** Every rule, by ID; a new one is an entry in one of these tables. */
export const ciRules: readonly CiRule[] = [
  ...loginRules,
  ...tokenRules,
  ...pathRules,
  ...formRules,
  ...environmentRules,
  ...useRules,
  ...editionRules,
  ...variableRules,
].sort((a, b) => (a.id < b.id ? -1 : 1))
