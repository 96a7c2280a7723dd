import type { GitlabVariable, GitlabWorld } from '../support/gitlab-api.ts'

/** Tokens of a test, by who holds them; their texts are what must never show. */
export const tokens = {
  maintainer: 'glpat-maintainer-canary',
  developer: 'glpat-developer-canary',
  owner: 'glpat-owner-canary',
  admin: 'glpat-admin-canary',
  reader: 'glpat-reader-canary',
  expired: 'glpat-expired-canary',
  job: 'glcbt-job-canary',
}

/**
 * company(7) > platform(8) > app(22), and a merge request !7. The bot (101) is maintainer of the project only, the
 * developer (102) of the whole company, its owner is 103.
 */
export function company(more: Partial<GitlabWorld> = {}): GitlabWorld {
  return {
    users: [
      { id: 101, username: 'project_22_bot' },
      { id: 102, username: 'dev' },
      { id: 103, username: 'boss' },
      { id: 1, username: 'root', admin: true },
    ],
    tokens: {
      [tokens.maintainer]: { user: 101 },
      [tokens.developer]: { user: 102 },
      [tokens.owner]: { user: 103 },
      [tokens.admin]: { user: 1 },
      [tokens.reader]: { user: 101, scopes: ['read_api'] },
      [tokens.expired]: { user: 101, state: 'expired' },
      [tokens.job]: { user: 102, job: true },
    },
    groups: [
      {
        id: 7,
        path: 'company',
        members: { 102: 30, 103: 50 },
        variables: [{ key: 'SHARED', value: 'of the company' }],
      },
      { id: 8, path: 'platform', parent: 7, variables: [{ key: 'SHARED', value: 'of the platform' }] },
    ],
    projects: [
      {
        id: 22,
        path: 'app',
        group: 8,
        members: { 101: 40 },
        variables: [
          { key: 'PASSWORD', value: 'of staging', environment_scope: 'staging', masked: true },
          { key: 'PASSWORD', value: 'of production', environment_scope: 'production', protected: true },
          { key: 'SEALED', value: 'unreadable', hidden: true, masked: true },
          { key: 'KUBECONFIG', value: 'a: file', variable_type: 'file', raw: true, description: 'for kubectl' },
        ],
        schedules: [
          { id: 13, description: 'nightly', ref: 'main', owner: 103, variables: [{ key: 'DEPTH', value: '9' }] },
        ],
        mergeRequests: [{ iid: 7, notes: [] }],
        pipelines: [
          { id: 1, ref: 'main', status: 'failed' },
          { id: 2, ref: 'main', status: 'success' },
          { id: 3, ref: 'feature', status: 'running' },
        ],
      },
    ],
    instanceVariables: [{ key: 'PROXY', value: 'http://proxy' }],
    ...more,
  }
}

/** Enough for several pages. */
export function numbered(count: number): GitlabVariable[] {
  return Array.from({ length: count }, (_, at) => ({ key: `V${at}`, value: `value ${at}` }))
}
