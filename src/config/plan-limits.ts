import * as z from 'zod'
import type { Kinds } from '../core/kind.ts'
import { defaultLimit, type Limit, type Limits } from '../core/limits.ts'

const share = z
  .string({ error: 'must be a percentage, such as 30%' })
  .regex(/^(100|\d{1,2})%$/, { error: 'must be a percentage from 0% to 100%, such as 30%' })

const from = z.int({ error: 'must be a whole number' }).min(1)

const ofAll = {
  share: share
    .meta({
      description: 'A plan that deletes or rewrites more than this share of what is owned is refused unless allowed.',
      default: `${defaultLimit.share}%`,
    })
    .optional(),
  from: from.meta({ description: 'Fewer objects than this are not weighed.', default: defaultLimit.from }).optional(),
}

/** `limits` in vaultwright.yaml. */
export function limitsSchema(kinds: Kinds) {
  const ofKind = (name: string) =>
    z
      .strictObject(ofAll)
      .meta({ description: `The limit of ${name} objects alone, where it differs.` })
      .optional()
  return z
    .strictObject({
      ...ofAll,
      kinds: z
        .strictObject(Object.fromEntries(kinds.map(({ name }) => [name, ofKind(name)])))
        .meta({
          description: 'By the name of a kind: limits of its objects alone, which then count no more with the rest.',
        })
        .optional(),
    })
    .meta({ description: 'How much one plan may delete or rewrite before somebody has to allow it by name.' })
}

type WrittenLimit = { readonly share?: string | undefined; readonly from?: number | undefined }

/** As the schema takes them. */
export function limitsOf(written: WrittenLimit & { readonly kinds?: object | undefined } = {}): Limits {
  const kinds = Object.entries((written.kinds ?? {}) as Record<string, WrittenLimit>)
  return {
    ...limitOf(written),
    ...(kinds.length === 0 ? {} : { kinds: Object.fromEntries(kinds.map(([name, limit]) => [name, limitOf(limit)])) }),
  }
}

function limitOf({ share, from }: WrittenLimit): Partial<Limit> {
  return {
    ...(share === undefined ? {} : { share: Number.parseInt(share, 10) }),
    ...(from === undefined ? {} : { from }),
  }
}
