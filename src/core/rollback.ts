import * as z from 'zod'
import { type Image, identitySchema, imageSchema, type JournaledEnvironment, serverSchema } from './journal.ts'
import { isObject, type JsonObject } from './json.ts'
import type { Identity } from './resource.ts'

/** What has to be taken back of one object. */
export interface Undo {
  readonly object: Identity
  /** Null where there was none. */
  readonly before: Image | null
  /** What the apply wanted of it; null where it removed it. */
  readonly after: JsonObject | null
  /** `liveDigest` of what it left; absent where it could not say. */
  readonly left?: string | null
  /** In the journal, from 1. */
  readonly line: number
}

export interface EnvironmentUndo extends JournaledEnvironment {
  readonly undo: readonly Undo[]
}

/** What a plan back rests on: stands in the saved plan, which is made again from it when it is applied. */
export interface Rollback {
  /** The file, as it was named. */
  readonly journal: string
  readonly digest: string
  /** Whether the apply came to its end. */
  readonly complete: boolean
  readonly environments: readonly EnvironmentUndo[]
  /** Addresses that are left as they are. */
  readonly keep: readonly string[]
}

const text = z.string()

/** Of what a saved plan carries. */
export const rollbackSchema: z.ZodType = z.strictObject({
  journal: text,
  digest: text,
  complete: z.boolean(),
  environments: z.array(
    z.strictObject({
      environment: text,
      server: serverSchema,
      undo: z.array(
        z.strictObject({
          object: identitySchema,
          before: imageSchema.nullable(),
          after: z.custom<JsonObject>(isObject).nullable(),
          left: text.nullable().optional(),
          line: z.int().positive(),
        }),
      ),
    }),
  ),
  keep: z.array(text),
})
