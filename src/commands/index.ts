import { access } from './access/index.ts'
import { gitlab } from './gitlab/index.ts'
import { migrate } from './migrate/index.ts'
import type { CommandEntry, CommandGroup } from './session/command.ts'

/** Every command, in the order of `--help`; a new one is a file beside this and an entry here. */
export const commands: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: 'check',
    summary: 'find mistakes in the files, without a server',
    load: async () => (await import('./check.ts')).check,
  },
  { name: 'plan', summary: 'show what would change on the server', load: async () => (await import('./plan.ts')).plan },
  {
    name: 'apply',
    summary: 'carry out a saved plan, or a fresh one after a yes',
    load: async () => (await import('./apply.ts')).apply,
  },
  {
    name: 'rollback',
    summary: "plan the way back from an apply's journal",
    load: async () => (await import('./rollback.ts')).rollback,
  },
  {
    name: 'drift',
    summary: "find what changed on the server behind the files' back",
    load: async () => (await import('./drift.ts')).drift,
  },
  {
    name: 'import',
    summary: 'write files that say what a server has now',
    load: async () => (await import('./import.ts')).importCommand,
  },
  access,
  {
    name: 'test',
    summary: 'see whether the promises of test/access are kept, by the files or by a server',
    load: async () => (await import('./test.ts')).test,
  },
  gitlab,
  migrate,
  {
    name: 'report',
    summary: 'write the whole story as documents: Vault, GitLab, bindings, cutover, failures',
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'exec',
    summary: 'run a command with the secrets of a role, and revoke the token afterwards',
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    name: 'snapshot',
    summary: 'save what the server has now, to plan against without credentials',
    load: async () => (await import('./snapshot.ts')).snapshot,
  },
  {
    name: 'sandbox',
    summary: 'run a Vault in this process, to try things out',
    load: async () => (await import('./sandbox.ts')).sandbox,
  },
  {
    name: 'schema',
    summary: 'write the JSON Schemas of the files, for editors',
    load: async () => (await import('./schema.ts')).schema,
  },
  { name: 'version', summary: 'print the version', load: async () => (await import('./version.ts')).version },
]
