import { beforeAll, describe, expect, test } from 'vitest'
import { buildAcl, rulesOf } from '../../../src/access/acl/acl.ts'
import { builtinPolicy } from '../../../src/access/acl/builtin.ts'
import { requiresSudo, sudoPaths } from '../../../src/access/acl/sudo.ts'
import type { ServerVersion } from '../../../src/core/version.ts'
import { parsed } from '../../soak/acl-world.ts'
import { type Client, call, must, tokenWith, versionOf } from '../../soak/client.ts'
import { liveVault } from '../../support/live-vault.ts'

let root: Client
let server: ServerVersion

beforeAll(async () => {
  root = await liveVault()
  server = await versionOf(root)
})

describe('As on the real server', () => {
  test.each(['default', 'response-wrapping'] as const)('the policy %s allows', async (name) => {
    const { data } = await must(root, 'GET', `sys/policies/acl/${name}`)
    expect(allowances(builtinPolicy(name, server))).toEqual(allowances(String(data['policy'])))
  })

  test('these paths ask for sudo, and their neighbours do not', async () => {
    const text = 'path "*" {\n  capabilities = ["create", "read", "update", "list"]\n}'
    await must(root, 'POST', 'sys/policies/acl/acl-without-sudo', { policy: text })
    const token = await tokenWith(root, ['acl-without-sudo'])
    const paths = sudoPaths(server).map((path) => path.replace(/\*$/, 'x'))
    const asked = [...paths, ...neighbours].filter((path) => !answeredBeforeTheAcl.has(path))
    for (const path of asked) {
      const { status } = await call({ ...root, token }, 'GET', path)
      expect({ path, sudo: status === 403 }).toEqual({ path, sudo: requiresSudo(path, server) })
    }
  })
})

const neighbours = [
  'sys/auth',
  'sys/mounts',
  'sys/mounts/auth/token/tune',
  'sys/policies/acl',
  'sys/policies/acl/default',
  'sys/auditx',
  'sys/leases/count',
  'sys/rotate/config',
  'sys/rotate/keyring',
  'sys/rotate/root',
  'sys/config/ui/headers',
  'sys/plugins/catalog',
  'auth/token/lookup-self',
  'auth/token/accessors',
  'auth/token/accessors/x',
  'auth/token/revoke-orphan',
  'auth/token/revoke-orphan/x',
]

/** They take PUT alone, and say so first. */
const answeredBeforeTheAcl = new Set(['sys/seal', 'sys/step-down'])

function allowances(text: string): readonly string[] {
  const entity = { id: 'an-id', name: 'a-name' }
  const rules = rulesOf(buildAcl([parsed('p', text, server)], server, { entity }))
  return rules.map(({ pattern, match, capabilities }) => `${match} ${pattern}: ${[...capabilities].sort()}`).sort()
}
