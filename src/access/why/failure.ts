/**
 * What a job that reads secrets can end with: the texts of GitLab, its runner, curl and the server, what is behind them,
 * and what to do. Only the tails are matched, because what stands before them changed from runner to runner.
 */
export interface Failure {
  /** Stable and kebab-case: what reports and documentation refer to. */
  readonly id: string
  readonly stage: 'before the job' | 'script' | 'login' | 'read' | 'configuration'
  /** What one sees, in a few words. */
  readonly symptom: string
  /** Case-insensitive. A group called `name` is the claim, role or secret that it is about. */
  readonly pattern: RegExp
  readonly cause: string
  readonly fix: string
  /** A status without words: it explains only what nothing else does. */
  readonly vague?: boolean
}
