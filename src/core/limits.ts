/** How much of what an environment owns one plan may delete or rewrite before somebody has to say so by name. */
export interface Limit {
  /** Percent of the objects that are there. */
  readonly share: number
  /** Fewer objects than this are not weighed: of three roles, one is a third. */
  readonly from: number
}

/** As `limits` in vaultwright.yaml says it. */
export interface Limits extends Partial<Limit> {
  /** By the name of a kind. */
  readonly kinds?: Readonly<Record<string, Partial<Limit>>>
}

export const defaultLimit: Limit = { share: 30, from: 10 }

/** The limit of one kind, or of all kinds together. */
export function limitOf({ kinds, ...all }: Limits, kind?: string): Limit {
  return { ...defaultLimit, ...all, ...(kind === undefined || kinds === undefined ? {} : ownLimit({ kinds }, kind)) }
}

/** What is said of this kind alone; such a kind is weighed by that, and no more with all the others. */
export function ownLimit({ kinds = {} }: Limits, kind: string): Partial<Limit> | undefined {
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
}
