import type { JsonObject, JsonValue } from '../core/json.ts'

/** A YAML file for GitLab as plain data; `config/gitlab-document.ts` writes it down. */
export interface GitlabDocument {
  /** Stands at the top: what the file is, and how it is made. Without `#`. */
  readonly comment?: string
  /** Of a CI/CD component: the `spec:` that stands before the `---`. */
  readonly header?: JsonObject
  /** Top-level keys in their order. */
  readonly entries: readonly GitlabEntry[]
}

export interface GitlabEntry {
  readonly key: string
  /** Stands above the key. */
  readonly comment?: string
  /** `{ '!reference': ['.job', 'script'] }` is written as GitLab's tag. */
  readonly value: JsonValue
  /** By key of the value: comments that stand above its own entries. */
  readonly comments?: Readonly<Record<string, string>>
}
