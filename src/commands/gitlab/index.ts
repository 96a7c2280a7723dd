import type { CommandGroup } from '../session/command.ts'

/** The GitLab side, written and checked from the same files; a new one is a file beside this and an entry here. */
export const gitlab: CommandGroup = {
  name: 'gitlab',
  summary: 'write and check the GitLab side: job templates, pipelines, notes',
  commands: [
    {
      name: 'jobs',
      summary: 'write the job templates that read the secrets of the roles',
      load: async () => (await import('./jobs.ts')).jobs,
    },
    {
      name: 'check',
      summary: "check anybody's pipeline files against the roles",
      load: async () => (await import('./check.ts')).check,
    },
    {
      name: 'bindings',
      summary: 'show which jobs are bound to which roles, and what they read',
      load: async () => (await import('./bindings.ts')).bindings,
    },
    {
      name: 'pipeline',
      summary: "write this repository's own pipeline: check, plan, apply, drift",
      load: async () => (await import('./pipeline.ts')).pipeline,
    },
    {
      name: 'component',
      summary: 'write the same jobs as components for the CI/CD catalog',
      load: async () => (await import('./component.ts')).component,
    },
    {
      name: 'note',
      summary: 'post or update the note of a saved plan in its merge request',
      load: async () => (await import('./note.ts')).note,
    },
  ],
}
