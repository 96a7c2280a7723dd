import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Configuration, Environment } from '../../src/core/configuration.ts'
import { formatSource } from '../../src/core/diagnostic.ts'
import type { Kinds } from '../../src/core/kind.ts'
import type { Desired } from '../../src/core/resource.ts'
import { kinds as allKinds } from '../../src/kinds/index.ts'

/** Contents by path. A number of undefined contents makes it easy to leave a file of a common set out. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>

/** A folder with these files, which goes away with the test. */
export function withFiles(files: Files): string {
  const directory = temporaryFolder()
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  writeFiles(directory, files)
  return directory
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'vaultwright-test-'))
}

export function writeFiles(directory: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
}

export interface LoadFilesOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly kinds?: Kinds
  readonly server?: { readonly address?: string; readonly namespace?: string }
}

export function loadFiles(
  files: Files,
  { env = {}, kinds = allKinds, server = {} }: LoadFilesOptions = {},
): Promise<Configuration> {
  return loadConfiguration(withFiles(files), { kinds, env, server })
}

/** `code file:line:column message | help`, one for each problem: what a person is told. */
export function told({ diagnostics }: Configuration): string[] {
  return diagnostics.map(
    ({ code, source, message, help }) =>
      `${code} ${source === undefined ? '-' : formatSource(source)} ${message}${help === undefined ? '' : ` | ${help}`}`,
  )
}

export function environmentOf(configuration: Configuration, name = 'production'): Environment {
  const found = configuration.environments.find((environment) => environment.name === name)
  if (found === undefined) throw new Error(`no environment ${name}: ${told(configuration).join('; ')}`)
  return found
}

export function desiredOf(configuration: Configuration, address: string, environment = 'production'): Desired {
  const found = environmentOf(configuration, environment).desired.find((desired) => desired.address === address)
  if (found === undefined) throw new Error(`nothing describes ${address}: ${told(configuration).join('; ')}`)
  return found
}
