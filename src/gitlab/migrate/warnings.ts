import type { InventoryVariable } from './inventory.ts'

type Related = Omit<InventoryVariable, 'warnings'>

interface Rule {
  readonly text: string
  applies(variable: Related): boolean
}

const rules: readonly Rule[] = [
  {
    text: 'it is hidden: GitLab gives its value to nobody, so it must come from where it was made, or be made anew',
    applies: ({ hidden }) => hidden,
  },
  {
    text: 'it is in a file of the repository, and so in its history: replace the value when it moves',
    applies: ({ place }) => place.kind === 'yaml' || place.kind === 'env-file',
  },
  {
    text: 'it is not masked: job logs may show it',
    applies: ({ masked, place }) => !masked && fromGitlab(place.kind),
  },
  {
    text: 'it is not protected: any branch and any merge request of the project can read it',
    applies: (variable) =>
      !variable.protected && (variable.place.kind === 'project' || variable.place.kind === 'group'),
  },
  {
    text: 'every project of the instance gets it',
    applies: ({ place }) => place.kind === 'instance',
  },
  {
    text: 'GitLab expands other variables in it, and Vault would not: write the expanded text to Vault by hand, or put it together in the job',
    applies: ({ expands }) => expands === true,
  },
]

/** What somebody should know about a secret before it moves. Configuration may be as open as it likes. */
export function* warningsOf(variable: Related): Generator<string> {
  if (variable.class === 'configuration' || variable.class === 'unknown') return
  for (const { text, applies } of rules) if (applies(variable)) yield text
}

function fromGitlab(kind: Related['place']['kind']): boolean {
  return kind === 'project' || kind === 'group' || kind === 'instance'
}
