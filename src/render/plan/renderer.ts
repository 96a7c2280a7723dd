import type { Plan } from '../../core/plan.ts'

export interface RenderOptions {
  readonly color: boolean
  /**
   * Drift is the same plan under another question: what of the server is no longer as the files say? And so is a way back:
   * what is no longer as it was before an apply?
   */
  readonly question: Question
  /** Says in full what is otherwise summed up. */
  readonly verbose?: boolean
}

export type Question = 'plan' | 'drift' | 'rollback'

/** One output format. Pure: the same plan and options give the same text, and nothing is decided here. */
export interface Renderer {
  /** Ends with a line break. */
  plan(plan: Plan, options: RenderOptions): string
}
