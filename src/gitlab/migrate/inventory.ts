import { z } from 'zod'
import { byText } from '../../core/json.ts'

/** What an inventory file is; a reader refuses every other. */
export const inventoryFormat = 'vaultwright-inventory/1'

const place = z.strictObject({
  kind: z.enum(['project', 'group', 'instance', 'schedule', 'yaml', 'env-file']),
  /** How people find it: a path in GitLab, a file. Never a value. */
  name: z.string(),
  /** The number that GitLab's API knows a project or group by. */
  id: z.number().optional(),
  /** The job of a GitLab YAML, or the number of a pipeline schedule. */
  part: z.string().optional(),
  /** The project that a YAML or `.env` file belongs to; absent where nobody said it. */
  project: z.string().optional(),
  /** Read from a file that was exported, not from the API. */
  exported: z.literal(true).optional(),
})

const variable = z.strictObject({
  id: z.string(),
  key: z.string(),
  place,
  environment_scope: z.string(),
  type: z.enum(['env_var', 'file']),
  protected: z.boolean(),
  masked: z.boolean(),
  hidden: z.boolean(),
  raw: z.boolean(),
  /** GitLab puts something else in place of a part of the value, so that jobs do not get it as it is. */
  expands: z.literal(true).optional(),
  class: z.enum(['secret', 'configuration', 'file', 'unknown']),
  /** Why it is of that class. */
  signs: z.array(z.string()),
  /** Keyed hash of the value; null where there is none to hash. */
  hash: z.string().nullable(),
  /** Other variables of this inventory that its value mentions. */
  mentions: z.array(z.string()),
  overridden: z.enum(['never', 'sometimes', 'always']),
  overridden_by: z.array(z.string()),
  duplicates: z.array(z.string()),
  warnings: z.array(z.string()),
})

const project = z.strictObject({
  id: z.number(),
  path: z.string(),
  default_branch: z.string().nullable(),
  /** Paths of the groups above it, the nearest first, as far as they could be read. */
  groups: z.array(z.string()),
  schedules: z.boolean(),
})

export const inventorySchema = z.strictObject({
  format: z.literal(inventoryFormat),
  /** The instance's address; null where only files were read. */
  gitlab: z.string().nullable(),
  /** Says whether the hashes of two inventories can be compared; null for a key that was not kept. */
  hash_key: z.string().nullable(),
  projects: z.array(project),
  variables: z.array(variable),
  /** What could not be read, in words. */
  missing: z.array(z.string()),
})

export type Inventory = z.infer<typeof inventorySchema>
export type InventoryVariable = z.infer<typeof variable>
export type InventoryProject = z.infer<typeof project>
export type Place = z.infer<typeof place>

/** `project company/app`, `schedule company/app 13`, `yaml .gitlab-ci.yml deploy`. */
export function placeText({ kind, name, part }: Place): string {
  return [kind, name, part].filter((word) => word !== undefined && word !== '').join(' ')
}

/** One text for one variable: GitLab knows it by place, key and environment scope. */
export function variableId(place: Place, key: string, scope: string): string {
  return `${placeText(place)}: ${keyAndScope(key, scope)}`
}

/** `KEY`, or `KEY@production` for a variable of some environments only. */
export function keyAndScope(key: string, scope: string): string {
  return scope === '*' ? key : `${key}@${scope}`
}

/** Sorted by place, key and scope, whatever order the sources gave. */
export function byPlace(a: { readonly id: string }, b: { readonly id: string }): number {
  return byText(a.id, b.id)
}
