import type * as z from 'zod'
import type { FieldPath } from '../core/kind.ts'

type Def = Readonly<{
  type: string
  innerType?: z.ZodType
  in?: z.ZodType
  options?: readonly z.ZodType[]
  shape?: Readonly<Record<string, z.ZodType>>
  element?: z.ZodType
  valueType?: z.ZodType
  error?: (issue: unknown) => unknown
}>

function defOf(schema: z.ZodType): Def {
  return schema.def as unknown as Def
}

/** The schemas that a value can meet here, without optional, default and the like around them. */
function bare(schema: z.ZodType): z.ZodType[] {
  const { innerType, in: input, options } = defOf(schema)
  const inner = options ?? [innerType ?? input].filter((part) => part !== undefined)
  return inner.length > 0 ? inner.flatMap(bare) : [schema]
}

function step(schema: z.ZodType, key: string): z.ZodType[] {
  return bare(schema).flatMap((part) => {
    const { shape, element, valueType } = defOf(part)
    return [shape?.[key], element, valueType].filter((next) => next !== undefined)
  })
}

/** Keys that an object schema has at a path, in its own order. */
export function keysAt(schema: z.ZodType, path: FieldPath): string[] {
  const here = path.reduce<z.ZodType[]>((schemas, key) => schemas.flatMap((part) => step(part, key)), [schema])
  return here.flatMap(bare).flatMap((part) => Object.keys(defOf(part).shape ?? {}))
}

/** What the schema says of the value at a path; undefined where it says nothing, or several things. */
export function descriptionAt(schema: z.ZodType, path: FieldPath): string | undefined {
  const here = path.reduce<z.ZodType[]>((schemas, key) => schemas.flatMap((part) => step(part, key)), [schema])
  const texts = new Set(here.flatMap(({ description }) => description ?? []))
  return texts.size === 1 ? [...texts][0] : undefined
}

/**
 * What a union at a path says about values that fit none of its branches. Zod does not ask it where a value fits one
 * branch in type and fails only a rule of that branch.
 */
export function unionWords(schema: z.ZodType, path: FieldPath): string | undefined {
  const here = path.reduce<z.ZodType[]>((schemas, key) => schemas.flatMap((part) => step(part, key)), [schema])
  for (let part of here) {
    for (let inner = defOf(part).innerType; inner !== undefined; inner = defOf(part).innerType) part = inner
    const words = defOf(part).options === undefined ? undefined : defOf(part).error?.({})
    if (typeof words === 'string') return words
  }
  return undefined
}
