import { UserError } from '../../core/diagnostic.ts'
import { isObject } from '../../core/json.ts'
import { VaultError, type VaultReader, type VaultWriter } from '../../core/server.ts'
import type { Checklist, ChecklistItem } from '../../gitlab/migrate/checklist.ts'
import { connect } from '../../vault/client.ts'
import { connectionSettings } from '../../vault/settings.ts'
import { resolveTarget } from '../../vault/target.ts'
import type { Context } from '../session/command.ts'

/** Connects to the server that the list is about, and closes it afterwards; without an address the work goes on without one. */
export async function withVault<T>(
  context: Context,
  { address, namespace }: Checklist,
  work: (vault: VaultWriter | undefined) => Promise<T>,
): Promise<T> {
  const { settings, diagnostics } = connectionSettings(context.env)
  if (diagnostics.length > 0) throw new UserError(diagnostics)
  const said = {
    ...(address === null ? {} : { address }),
    ...(namespace === null ? {} : { namespace, namespaceFrom: 'the checklist' }),
  }
  const target = resolveTarget(said, settings)
  if ('code' in target) {
    if (target.code !== 'no-address') throw new UserError([target])
    context.stderr.write('Vault is not asked: VAULT_ADDR is not set.\n')
    return await work(undefined)
  }
  const vault = await connect({ ...target, settings, parallelism: 4, secretOf: () => '', signal: context.signal })
  return await work(vault).finally(() => vault.close())
}

/** The value of a field, where there is one; or why it could not be read. */
export type Field = { readonly value: string | undefined } | { readonly refused: string }

export async function readField(vault: VaultReader, { mount, path, field }: ChecklistItem['vault']): Promise<Field> {
  try {
    const secret = await vault.read(`${mount}/data/${path}`)
    const data = secret?.['data']
    const value = isObject(data) && Object.hasOwn(data, field) ? data[field] : undefined
    if (value === undefined || value === null) return { value: undefined }
    return { value: typeof value === 'string' ? value : JSON.stringify(value) }
  } catch (error) {
    if (error instanceof VaultError && error.status === 403)
      return { refused: `the token may not read ${mount}/data/${path}` }
    // Vault and OpenBao answer so for a path that no engine is mounted at (vault/router.go).
    if (error instanceof VaultError && error.status === 404)
      return { refused: `there is no kv-v2 engine at ${mount}: enable it, as MIGRATION.md says` }
    throw error
  }
}
