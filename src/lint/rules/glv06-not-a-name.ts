import { type GitlabClaim, gitlabClaim, topClaim } from '../../access/claims/gitlab.ts'
import { isObject, type JsonObject } from '../../core/json.ts'
import { forJobRoles } from '../gitlab-roles.ts'
import type { Rule } from '../rule.ts'

export const glv06: Rule = {
  id: 'GLV06',
  title: 'a claim that is no string where the server needs one',
  level: 'error',
  why: 'The server names an identity by the user claim and copies mapped claims into the metadata of the token. It takes strings only and refuses the login otherwise; runner_id is a number, groups_direct a list.',
  example: { bad: 'user_claim: runner_id', good: 'user_claim: project_id' },
  check: forJobRoles(function* ({ label, role }) {
    const user = role['user_claim']
    const pointer = role['user_claim_json_pointer'] === true
    const wrong = typeof user === 'string' ? notText(user, pointer) : undefined
    if (wrong !== undefined)
      yield {
        field: ['user_claim'],
        message: `role ${label} has user_claim ${user}, which is ${wrong}: every login is refused with 'claim "${user}" could not be converted to string'`,
        help: 'Write user_claim: project_id.',
      }
    for (const claim of Object.keys(mapOf(role['claim_mappings']))) {
      const type = notText(claim, true)
      if (type !== undefined)
        yield {
          field: ['claim_mappings', claim],
          message: `role ${label} maps ${claim}, which is ${type}, to metadata: a login with it is refused with "error converting claim '${claim}' to string"`,
          help: `Take ${claim} out of claim_mappings; project_id and the other IDs are strings.`,
        }
    }
  }),
}

const words: Readonly<Record<GitlabClaim['type'], string | undefined>> = {
  string: undefined,
  'string or strings': undefined,
  number: 'a number',
  strings: 'a list',
  object: 'a map',
  objects: 'a list',
}

/** What the claim is instead; undefined for a string, for what is not known, and inside of maps and lists. */
function notText(name: string, pointers: boolean): string | undefined {
  if (name.lastIndexOf('/') > 0 || (name.startsWith('/') && !pointers)) return undefined
  const claim = gitlabClaim(topClaim(name))
  return claim && words[claim.type]
}

function mapOf(value: JsonObject[string] | undefined): JsonObject {
  return isObject(value) ? value : {}
}
