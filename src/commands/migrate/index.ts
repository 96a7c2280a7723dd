import type { CommandGroup } from '../session/command.ts'

/** From static CI/CD variables to Vault. */
export const migrate: CommandGroup = {
  name: 'migrate',
  summary: 'move CI/CD variables of GitLab to Vault, step by step',
  commands: [
    {
      name: 'inventory',
      summary: 'list the variables there are, without their values',
      load: async () => (await import('./inventory.ts')).inventory,
    },
    {
      name: 'plan',
      summary: 'propose roles, paths and job templates for an inventory',
      load: async () => (await import('./plan.ts')).plan,
    },
    {
      name: 'checklist',
      summary: 'write or show the list that follows each variable until it is gone',
      load: async () => (await import('./checklist.ts')).checklist,
    },
    {
      name: 'copy',
      summary: 'write values from GitLab to Vault, over nothing that is there',
      load: async () => (await import('./copy.ts')).copy,
    },
    {
      name: 'verify',
      summary: 'see how far each variable of the list is, and on request delete what has moved',
      load: async () => (await import('./verify.ts')).verify,
    },
  ],
}
