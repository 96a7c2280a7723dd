import { generateKeyPairSync } from 'node:crypto'
import { type Files, withFiles } from '../support/files.ts'
import { type Ended, type RunOptions, vaultwright } from '../support/program.ts'

const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString()

/** A small configuration: one mount with its key, one policy, one role. Names are the test's own. */
export function configuration(id: string, more: Files = {}): Files {
  return {
    'environments/production.yaml': [
      'auth:',
      `  ${id}:`,
      '    type: jwt',
      '    config: { jwt_validation_pubkeys: [{ file: key.pem }] }',
      '',
    ].join('\n'),
    'roles/ci.yaml': [
      `mount: ${id}`,
      'environments: [production]',
      'role_type: jwt',
      'user_claim: project_id',
      'bound_audiences: [https://vault]',
      'bound_claims: { project_id: "42" }',
      `token_policies: [${id}-read]`,
      '',
    ].join('\n'),
    [`policies/${id}-read.hcl`]: 'path "ops/data/*" {\n  capabilities = ["read"]\n}\n',
    'key.pem': publicKey,
    ...more,
  }
}

/** The same with so many roles more, which cost nothing but requests. */
export function manyRoles(id: string, count: number, more: Files = {}): Files {
  return configuration(id, {
    'roles/many.yaml': [
      'name: "r-${n}"',
      `mount: ${id}`,
      'environments: [production]',
      `for_each: [${Array.from({ length: count }, (_, n) => `{ n: "${n}" }`).join(', ')}]`,
      'role_type: jwt',
      'user_claim: project_id',
      'bound_claims: { project_id: "${n}" }',
      '',
    ].join('\n'),
    ...more,
  })
}

let counter = 0

/** A name for mounts and policies that no other test uses. */
export function ownName(): string {
  return `cmd-${process.pid}-${counter++}`
}

export interface Workplace {
  readonly directory: string
  run(words: readonly string[], options?: RunOptions): Promise<Ended>
}

/** A folder with the files, and the program running in it against the server. */
export function workplace(files: Files, server: { readonly address: string; readonly token: string }): Workplace {
  const directory = withFiles(files)
  const env = { VAULT_ADDR: server.address, VAULT_TOKEN: server.token }
  return {
    directory,
    run: (words, options = {}) => vaultwright(words, { cwd: directory, ...options, env: { ...env, ...options.env } }),
  }
}
