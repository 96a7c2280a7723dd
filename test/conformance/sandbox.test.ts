import { afterAll } from 'vitest'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import { fetchFromIssuer } from '../support/issuer.ts'
import { conformance } from './suite.ts'

const running: Sandbox[] = []
afterAll(async () => {
  await Promise.all(running.map((sandbox) => sandbox.close()))
})

for (const [product, version] of [
  ['vault', '1.21.0'],
  ['openbao', '2.6.1'],
] as const) {
  let sandbox: Promise<Sandbox> | undefined
  conformance(`on a sandbox like ${product} ${version}`, async () => {
    sandbox ??= startSandbox({ product, version, fetchDocument: fetchFromIssuer })
    const started = await sandbox
    if (!running.includes(started)) running.push(started)
    return started
  })
}
