/**
 * The bare limit: undici's own `request` in a loop, the same requests as vaultwright makes, nothing compared and nothing
 * shown. `bare.mjs read|write <count>`; address and token come from VAULT_ADDR and VAULT_TOKEN.
 */
import { Pool } from 'undici'
import { policyText, roleBody } from './workload.mjs'

const [what, countText, first = '0'] = process.argv.slice(2)
const count = Number(countText)
const pool = new Pool(process.env.VAULT_ADDR, { connections: 32 })
const headers = { 'x-vault-token': process.env.VAULT_TOKEN }
let requests = 0

async function ask(method, path, body) {
  requests++
  const answer = await pool.request({
    method,
    path: `/v1/${path}`,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.body.text()
  return text === '' ? undefined : JSON.parse(text)
}

const numbers = Array.from({ length: count }, (_, index) => Number(first) + index)

if (what === 'read') {
  await ask('GET', 'sys/health')
  await ask('GET', 'sys/auth')
  await ask('GET', 'sys/policies/detailed/acl?list=true')
  const policies = await ask('GET', 'sys/policies/acl?list=true')
  await ask('GET', 'auth/bench/config')
  const roles = await ask('GET', 'auth/bench/role?list=true')
  await Promise.all([
    ...policies.data.keys
      .filter((name) => name.startsWith('bench-'))
      .map((name) => ask('GET', `sys/policies/acl/${name}`)),
    ...roles.data.keys.map((name) => ask('GET', `auth/bench/role/${name}`)),
  ])
} else {
  await Promise.all(
    numbers.map((number) => ask('POST', `sys/policies/acl/bench-${number}`, { policy: policyText(number) })),
  )
  await Promise.all(numbers.map((number) => ask('POST', `auth/bench/role/bench-${number}`, roleBody(number))))
}
await pool.close()
console.log(requests)
