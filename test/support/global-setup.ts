import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { JWK } from 'jose'
import type { TestProject } from 'vitest/node'
import { type Issuer, startIssuer } from './issuer.ts'
import { launch } from './vault-process.ts'

/** One real server and one stand-in GitLab for all tests of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const issuer = await startIssuer()
  project.provide('issuerKey', issuer.key)
  const stopVault = await provideVault(project, issuer)
  return async () => {
    await stopVault()
    await issuer.stop()
  }
}

type Vault =
  | {
      readonly address: string
      readonly token: string
      /** The path of the server's program. */
      readonly program: string
      /** What its environment holds to reach the stand-in GitLab. */
      readonly environment: Readonly<Record<string, string>>
    }
  | { readonly reason: string }

declare module 'vitest' {
  export interface ProvidedContext {
    vault: Vault
    issuerKey: JWK
  }
}

/** Where there is no server, the tests that need one fail with the reason, and the others run. */
async function provideVault(project: TestProject, { vaultEnvironment: environment }: Issuer) {
  const found = await findVault()
  forgetConnection()
  if ('reason' in found) {
    project.provide('vault', found)
    return async () => {}
  }
  const { address, token, stop } = await launch(found.program, { env: environment })
  project.provide('vault', { address, token, program: found.program, environment })
  return stop
}

/** In a process of its own: it may have to build for minutes, and what it says meanwhile is passed on. */
async function findVault(): Promise<{ readonly program: string } | { readonly reason: string }> {
  const script = fileURLToPath(new URL('../../scripts/vault.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [program, reason] = ['', '']
  child.stdout.on('data', (chunk) => {
    program += chunk
  })
  child.stderr.on('data', (chunk) => {
    reason += chunk
    process.stderr.write(chunk)
  })
  const [status] = await once(child, 'close')
  return status === 0 ? { program: program.trim() } : { reason: reason.trim() }
}

/** What a developer's shell says about their own servers and proxies must not reach a test. */
function forgetConnection(): void {
  for (const name of Object.keys(process.env)) {
    if (/^(VAULT|BAO)_|^(https?|all|no)_proxy$/i.test(name)) delete process.env[name]
  }
}
