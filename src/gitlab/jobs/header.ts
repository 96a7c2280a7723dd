import type { Via } from '../../core/configuration.ts'

/** What the head of a file says of how it is made. */
export interface Header {
  readonly via: Via
  /** The command that writes the file anew. */
  readonly command: string
}

/** With this line every file begins that is written here. */
export const firstLine = 'Written by vaultwright from the roles that Vault has: do not edit.'

function written({ command }: Header): string {
  return `${firstLine} To write it anew: ${command}`
}

export function partComment(header: Header): string {
  return `${written(header)}\nIncluded by the file beside its folder, and merged into the template there.`
}

export function headerComment(header: Header): string {
  return [
    written(header),
    '',
    'For jobs that read secrets: include this file, then "extends: .vault-…", of one template, as a job has one role. A job',
    "that brings rules of its own replaces the template's, which keep away jobs that Vault would refuse.",
    '',
    'Where a template has no VAULT_SERVER_URL, it comes from a CI/CD variable. Mind that such a variable of a project, a group',
    'or the instance wins over one of the same name that stands here.',
    '',
    ...needs[header.via],
  ].join('\n')
}

const needs: Readonly<Record<Via, readonly string[]>> = {
  secrets: [
    'Needs GitLab Premium or Ultimate. The runner reads the secrets, so a private CA of Vault is the business of the runner:',
    'VAULT_CACERT in the environment of its process. A variable of the job has no effect on that.',
  ],
  exec: [
    'The image of the job needs vaultwright. A private CA of Vault goes into a CI/CD variable VAULT_CACERT of type file.',
    'A before_script of the job replaces the one here: begin it with !reference [.vault-…, before_script].',
  ],
  script: [
    'The image of the job needs curl. A private CA of Vault goes into a CI/CD variable VAULT_CACERT of type file.',
    'A before_script or after_script of the job replaces the one here: begin it with !reference [.vault-…, before_script].',
    'GitLab masks none of these secrets in the log, as it does not know them.',
  ],
}
