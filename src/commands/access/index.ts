import type { CommandGroup } from '../session/command.ts'

/** Questions about who may do what; a new one is a file beside this and an entry here. */
export const access: CommandGroup = {
  name: 'access',
  summary: 'answer who may do what, and why',
  commands: [
    {
      name: 'can',
      summary: 'whether a role or policies may do something at a path',
      load: async () => (await import('./can.ts')).can,
    },
    {
      name: 'why',
      summary: 'why a token gets in or not, check by check',
      load: async () => (await import('./why.ts')).why,
    },
    {
      name: 'diff',
      summary: 'who gains or loses what between two folders, commits, or the files and the server',
      load: async () => (await import('./diff.ts')).diff,
    },
    {
      name: 'prove',
      summary: 'decide over all tokens and all paths whether something can be done',
      load: async () => (await import('./prove.ts')).prove,
    },
    {
      name: 'matrix',
      summary: 'who may do what, in every environment',
      load: async () => (await import('./matrix.ts')).matrix,
    },
  ],
}
