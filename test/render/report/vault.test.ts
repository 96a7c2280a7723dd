import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { VaultSide } from '../../../src/render/report/facts.ts'
import { vaultPage, vaultScript } from '../../../src/render/report/vault.ts'
import { withFiles } from '../../support/files.ts'

/** A stand-in for the server's program that keeps what it is given. */
const program = `#!/bin/sh
n=$(ls "$CALLS" | wc -l)
{ printf '%s %s\\n' "$VAULT_ADDR" "$VAULT_NAMESPACE"; printf '%s\\n' "$@"; [ "$1" = read ] || cat; } >"$CALLS/$n"
[ "$1" = read ] && echo '{"data":{"there/":{}}}'
exit 0
`

/** Every call of the script: where to, with which words and which text. */
function calls(side: VaultSide): readonly string[] {
  const folder = withFiles({ 'vault.sh': program, 'calls/.keep': '', 'script.sh': vaultScript(side) })
  chmodSync(join(folder, 'vault.sh'), 0o755)
  execFileSync('/bin/sh', [join(folder, 'script.sh')], {
    env: { PATH: process.env['PATH'], CALLS: join(folder, 'calls'), VAULT_PROGRAM: join(folder, 'vault.sh') },
  })
  const names = readdirSync(join(folder, 'calls')).filter((name) => name !== '.keep')
  return names.sort((a, b) => Number(a) - Number(b)).map((name) => readFileSync(join(folder, 'calls', name), 'utf8'))
}

const side = {
  environment: 'one',
  program: 'vault',
  address: "https://vault.example.com/it's",
  namespace: 'team/a b',
} as const

test('a script hands every text on as it is, whatever a shell would make of it', () => {
  const text = 'END\n# "quoted" \'single\' $HOME `id` \\ ${x} {{identity.entity.id}}\nEND_\npath "a" {}\n'
  const body = { bound_claims: { ref: "it's $(id)" } }
  const found = calls({
    ...side,
    objects: [
      { as: 'policy', name: "o'neil", path: "sys/policies/acl/o'neil", text },
      { as: 'role', mount: 'jwt', name: 'ci', spec: {}, write: { path: 'auth/jwt/role/ci', body } },
    ],
  })
  const where = "https://vault.example.com/it's team/a b\n"
  expect(found).toEqual([
    `${where}write\nsys/policies/acl/o'neil\npolicy=-\n${text}`,
    `${where}write\nauth/jwt/role/ci\n-\n${JSON.stringify(body, undefined, 2)}\n`,
  ])
})

test('a mount that is there is tuned, another one is enabled', () => {
  const mount = (name: string) =>
    ({
      as: 'auth-mount',
      mount: name,
      enable: { path: `sys/auth/${name}`, body: {} },
      tune: { path: `sys/mounts/auth/${name}/tune`, body: {} },
    }) as const
  const written = calls({ ...side, objects: [mount('there'), mount('here')] }).filter((call) =>
    call.includes('\nwrite\n'),
  )
  expect(written.map((call) => call.split('\n')[2])).toEqual(['sys/mounts/auth/there/tune', 'sys/auth/here'])
})

test('a script without an address stops where VAULT_ADDR is not set', () => {
  const folder = withFiles({ 'script.sh': vaultScript({ environment: 'one', program: 'vault', objects: [] }) })
  writeFileSync(join(folder, 'vault'), '#!/bin/sh\n', { mode: 0o755 })
  const run = (env: Record<string, string>) => () =>
    execFileSync('/bin/sh', [join(folder, 'script.sh')], {
      env: { PATH: `${folder}:${process.env['PATH']}`, ...env },
      stdio: 'pipe',
    })
  expect(run({})).toThrow('says which server is meant')
  expect(run({ VAULT_ADDR: 'http://127.0.0.1:1' })).not.toThrow()
})

test('a policy with a fence in it does not end the fence around it', () => {
  const text = '# ```\n# not markdown\n'
  const page = vaultPage({
    bindings: [],
    via: 'secrets',
    steps: [],
    dynamic: new Map(),
    vault: [{ ...side, objects: [{ as: 'policy', name: 'p', path: 'sys/policies/acl/p', text }] }],
  })
  expect(page).toContain(`\`\`\`\`hcl\n${text}\`\`\`\`\n`)
})
