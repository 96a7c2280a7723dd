import { z } from 'zod'
import { inventorySchema } from './inventory.ts'

export const migrationFormat = 'vaultwright-migration/1'

const { projects, variables } = inventorySchema.shape
const { id, key, place, environment_scope, type, hidden, expands, hash } = variables.element.shape

const item = z.strictObject({
  id,
  key,
  place,
  environment_scope,
  type,
  hidden,
  expands,
  hash,
  /** Where its value goes: a field of a kv-v2 secret. */
  vault: z.strictObject({ mount: z.string(), path: z.string(), field: z.string() }),
  /** Roles that read it, as in `myproject-production`. */
  roles: z.array(z.string()),
  /** Other variables whose values mention it. */
  mentioned_by: z.array(z.string()).optional(),
})

/** `by` are variables that take part. */
const left = z.strictObject({ id: z.string(), why: z.string(), by: z.array(z.string()).optional() })

export const migrationSchema = z.strictObject({
  format: z.literal(migrationFormat),
  gitlab: z.string().nullable(),
  hash_key: z.string().nullable(),
  /** The server that is meant; null where VAULT_ADDR and VAULT_NAMESPACE say it. */
  address: z.string().nullable(),
  namespace: z.string().nullable(),
  projects,
  items: z.array(item),
  /** Variables that stay as they are. */
  stays: z.array(left),
  /** Variables that a person must decide about. */
  decide: z.array(left),
})

export type Migration = z.infer<typeof migrationSchema>
export type MigrationItem = z.infer<typeof item>
export type Left = z.infer<typeof left>
