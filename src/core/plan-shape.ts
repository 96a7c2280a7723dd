import * as z from 'zod'

/**
 * What a saved plan looks like, for a file that anybody may have written: its digest is of its content, so it proves
 * nothing about it. What specs hold is compared with a fresh plan before anything of it is done.
 */

const text = z.string()
const texts = z.array(text)
const anyObject = z.record(text, z.unknown())

const serverSchema = z.object({
  product: z.enum(['vault', 'openbao']),
  version: text,
  address: text,
  namespace: text,
  clusterId: text,
})

const identity = { kind: text, address: text, path: text, parent: text.optional() }

const desiredSchema = z.object({
  ...identity,
  spec: anyObject,
  needs: texts,
  source: z.object({ file: text, line: z.number(), column: z.number() }),
  attributes: anyObject.optional(),
})

const liveSchema = z.object({
  ...identity,
  spec: anyObject,
  version: z.number().optional(),
  attributes: anyObject.optional(),
  unknown: texts.optional(),
})

const fieldSchema = z.object({ field: texts.min(1), before: z.unknown().optional(), after: z.unknown().optional() })

const changeSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), address: text, after: desiredSchema }),
  z.object({
    action: z.literal('update'),
    address: text,
    before: liveSchema,
    after: desiredSchema,
    fields: z.array(fieldSchema),
    meaning: z.boolean(),
  }),
  z.object({ action: z.literal('delete'), address: text, before: liveSchema }),
])

const effectSchema = z.object({
  effect: z.enum(['gain', 'loss', 'change']),
  roles: texts,
  who: text,
  claims: z.array(anyObject),
  capabilities: texts.optional(),
  paths: texts.optional(),
  witness: z.object({ mount: text, role: text, claims: anyObject }).optional(),
  text,
})

const accessSchema = z.object({
  effects: z.array(effectSchema),
  beyond: z.array(z.object({ about: text.optional(), reason: text })),
})

const objectionSchema = z.object({ code: text, message: text, help: text, allow: text.optional() })

/** What a saved plan and a report of it say alike of an environment. */
export const besideChanges = {
  environment: text,
  server: serverSchema,
  unmanaged: texts,
  access: accessSchema.optional(),
  notices: texts,
  objections: z.array(objectionSchema).optional(),
  allowed: texts.optional(),
}

const environmentSchema = z.object({
  ...besideChanges,
  changes: z.array(changeSchema),
  configuration: text,
  seen: z.record(text, text.nullable()),
})

/** Where a saved plan is not as one is written, such as `environments.0.changes`; undefined where it is. */
export function wrongInPlan(environments: readonly unknown[]): string | undefined {
  const found = z.array(environmentSchema).safeParse(environments)
  return found.error === undefined ? undefined : ['environments', ...(found.error.issues[0]?.path ?? [])].join('.')
}
