import { describe, expect, test } from 'vitest'
import type { Files } from '../../support/files.ts'
import { environment, files, role, written } from '../pipeline/files.ts'
import { found } from './world.ts'

/** What `gitlab pipeline` writes of a configuration is right in the eyes of `gitlab check`. */

const project = 'project_id: "7", job_project_id: "7"'
const main = `${project}, ref_path: refs/heads/main, ref_protected: "true"`
const audiences =
  'environments: { staging: { bound_audiences: ["https://s"] }, production: { bound_audiences: ["https://p"] } }\n'

/** Roles of the same names, whose audience is another in each environment. */
function configured(staging: string, production: string): Files {
  return {
    ...files,
    'environments/staging.yaml': environment(staging),
    'environments/production.yaml': environment(production),
    'roles/vaultwright-plan.yaml': role(project, audiences),
    'roles/vaultwright-apply.yaml': role(`${main}, pipeline_source: [push, web]`, audiences),
    'roles/vaultwright-drift.yaml': role(`${main}, pipeline_source: [schedule]`, audiences),
  }
}

describe('the pipeline of a configuration', () => {
  test.each([
    ['two servers', 'address: https://s\n', 'address: https://p\n'],
    ['a namespace and the root of one server', 'address: https://p\nnamespace: team\n', 'address: https://p\n'],
    ['two namespaces', 'address: https://p\nnamespace: team\n', 'address: https://p\nnamespace: other\n'],
  ])('of %s has nothing said about it', async (_, staging, production) => {
    const configuration = configured(staging, production)
    expect(await found(await written(configuration), { configuration })).toEqual([])
  })

  test('is told of an audience that no environment takes', async () => {
    const configuration = configured('address: https://p\nnamespace: team\n', 'address: https://p\n')
    const yaml = (await written(configuration)).replaceAll('VAULT_AUDIENCE: https://s', 'VAULT_AUDIENCE: https://x')
    expect(await found(yaml, { configuration })).toContainEqual(
      expect.stringMatching(/^GLC05 warning .*job "plan" is for "https:\/\/x"/),
    )
  })
})
