import { refuseMetadata } from '../../access/login/alias-metadata.ts'
import { isObject } from '../../core/json.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

/** Source: vault/identity_store_util.go validateMetaPair, openbao vault/identity/store_util.go. */
export const glv33: Rule = {
  id: 'GLV33',
  title: 'a metadata key that the server refuses',
  level: 'error',
  why: 'The server takes the role, and refuses the login of every project that it has not seen before: keys of metadata are letters, digits and = / + _ -, 128 at most, and do not begin with "vault-".',
  example: {
    bad: 'claim_mappings: { project_path: project.path }',
    good: 'claim_mappings: { project_path: project_path }',
  },
  check: forJobRoles(function* ({ label, role }) {
    const mappings = role['claim_mappings']
    for (const [claim, key] of Object.entries(isObject(mappings) ? mappings : {})) {
      if (typeof key !== 'string' || refuseMetadata({ [key]: '' }).length === 0) continue
      yield {
        field: ['claim_mappings', claim],
        message: `role ${label} maps ${claim} to the metadata key ${JSON.stringify(key)}, which the server refuses at the first login with "invalid alias metadata"`,
        help: `Write ${claim}: ${JSON.stringify(proper(key, claim))}, and the same key in the policies that fill it in.`,
      }
    }
  }),
}

function proper(key: string, claim: string): string {
  const meant = (key || claim).replace(/[^a-zA-Z0-9=/+_-]+/g, '_').replace(/^(?:vault-)+/, '')
  return meant.slice(0, 128) || claim
}
