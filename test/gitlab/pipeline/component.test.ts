import { beforeAll, describe, expect, test, vi } from 'vitest'
import { gitlabYaml } from '../../../src/config/gitlab-document.ts'
import { components } from '../../../src/gitlab/pipeline/component.ts'
import { withComponentSection } from '../../../src/gitlab/pipeline/component-readme.ts'
import { gitlabProject, listJobs, type PipelineOptions, preview, validate } from '../../support/gitlab-ci-local.ts'
import { written } from './files.ts'

// Each look at a pipeline starts programs, and other tests run beside this one.
vi.setConfig({ testTimeout: 240_000 })

const all = components({ command: 'vaultwright gitlab component', image: 'node:20', beforeScript: ['npm install x'] })
const templates = Object.fromEntries(all.map(({ name, document }) => [`templates/${name}.yml`, gitlabYaml(document)]))

function include(name: string, inputs: object = {}): object {
  return { component: `$CI_SERVER_FQDN/$CI_PROJECT_PATH/${name}@$CI_COMMIT_SHA`, inputs }
}

const environments = ['production', 'staging']
const audience = 'https://vault'

function pipeline(...included: readonly object[]): string {
  return JSON.stringify({ stages: ['check', 'plan', 'apply', 'watch'], include: included })
}

const everything = pipeline(
  include('check'),
  include('plan', { environments, audience }),
  include('forks', { environments, audience }),
  include('apply', { environment: 'production', audience }),
  include('apply', { environment: 'staging', audience, tier: 'staging', when: 'on_success' }),
  include('drift', { environments, audience }),
)

describe('components', () => {
  let project: string
  beforeAll(() => {
    project = gitlabProject({ '.gitlab-ci.yml': everything, ...templates })
  })

  test('make the same jobs as the pipeline, for whatever starts it', async () => {
    const same = gitlabProject({ '.gitlab-ci.yml': await written() })
    const starts: PipelineOptions[] = [
      { source: 'push' },
      { source: 'schedule' },
      { source: 'merge_request_event', branch: 'a-change' },
      { source: 'merge_request_event', branch: 'a-change', sourceProject: 666 },
    ]
    const told = async (directory: string, options: PipelineOptions) =>
      (await listJobs(directory, options)).map(({ name, stage, when }) => `${stage} ${name} ${when}`).sort()
    for (const options of starts) expect(await told(project, options)).toEqual(await told(same, options))
  })

  test('take their inputs', async () => {
    const text = await preview(
      gitlabProject({
        '.gitlab-ci.yml': pipeline(
          include('plan', {
            environments: ['eu'],
            audience: 'https://eu',
            auth_path: 'jwt/eu',
            role: 'reader',
            image: 'x:1',
          }),
          include('apply', { environment: 'eu', audience: 'https://eu', resource_group: 'vault-eu' }),
        ),
        ...templates,
      }),
    )
    for (const part of ['- eu\n', 'aud: https://eu', 'VAULT_AUTH_PATH: jwt/eu', 'VAULT_AUTH_ROLE: reader', 'name: x:1'])
      expect(text).toContain(part)
    expect(text).toMatch(/^apply:eu:\n(.*\n)*?\s+resource_group: vault-eu/m)
    expect(text).not.toContain('inputs.')
  })

  test('are included again with a suffix, and keep the environments of both', async () => {
    const login = { audience: 'https://eu', suffix: '-eu' }
    const again = gitlabProject({
      '.gitlab-ci.yml': pipeline(
        ...['plan', 'forks', 'drift'].flatMap((name) => [
          include(name, { environments, audience }),
          include(name, { environments: ['eu'], ...login }),
        ]),
        include('check'),
        include('check', { suffix: '-eu', directory: 'eu' }),
        include('apply', { environment: 'production', audience }),
        include('apply', { environment: 'eu', ...login }),
      ),
      ...templates,
    })
    const jobs = await listJobs(again, { source: 'push' })
    expect(jobs.map(({ name }) => name).sort()).toEqual([
      'apply:eu',
      'apply:production',
      'check',
      'check-eu',
      'plan-eu: [eu]',
      'plan: [production]',
      'plan: [staging]',
      'promises',
      'promises-eu',
      'snapshot-eu: [eu]',
      'snapshot: [production]',
      'snapshot: [staging]',
    ])
    const needs = (name: string) => jobs.find((job) => job.name === name)?.needs?.map(({ job }) => job)
    expect(needs('apply:eu')).toEqual([expect.stringMatching(/^plan-eu(: \[eu\])?$/)])
    expect(needs('apply:production')).toEqual([expect.stringMatching(/^plan(: \[production\])?$/)])
    const text = await preview(again)
    expect(text).toContain('job=snapshot-eu: [$VAULTWRIGHT_ENVIRONMENT]')
    expect(text).toContain('job=snapshot: [$VAULTWRIGHT_ENVIRONMENT]')
  })

  test('of stages that are called otherwise, take the names of both where they have two', async () => {
    const renamed = gitlabProject({
      '.gitlab-ci.yml': JSON.stringify({
        stages: ['vault-plan', 'vault-watch'],
        include: [include('forks', { environments, audience, stage: 'vault-watch', plan_stage: 'vault-plan' })],
      }),
      ...templates,
    })
    const stages = async (options: PipelineOptions) => (await listJobs(renamed, options)).map(({ stage }) => stage)
    expect(new Set(await stages({ source: 'push' }))).toEqual(new Set(['vault-watch']))
    const fork: PipelineOptions = { source: 'merge_request_event', branch: 'a-change', sourceProject: 666 }
    expect(new Set(await stages(fork))).toEqual(new Set(['vault-plan']))
  })

  test('need what they cannot guess, and refuse what is none of the options', async () => {
    const answer = async (inputs: object) =>
      (await validate({ '.gitlab-ci.yml': pipeline(include('apply', inputs)), ...templates })).message
    expect(await answer({ environment: 'eu' })).toContain('audience')
    expect(await answer({ environment: 'eu', audience, tier: 'prod' })).toContain('prod')
  })

  test('are as many as a project may have, each with a description for every input', () => {
    expect(all.length).toBeLessThanOrEqual(30)
    for (const { inputs } of all) for (const one of Object.values(inputs)) expect(one.description).toMatch(/\.$/)
  })
})

describe('the README of components', () => {
  test('gets a section, which replaces itself and touches nothing else', () => {
    const first = withComponentSection('# Ours\n\nHello.\n', all)
    expect(first).toMatch(/^# Ours\n\nHello\.\n\n<!-- vaultwright/)
    for (const { name } of all) expect(first).toContain(`### ${name}\n`)
    const later = `${first}\n## More\n`
    expect(withComponentSection(later, all)).toBe(later)
    expect(withComponentSection(later.replace('### drift', '### old'), all)).toBe(later)
  })

  test('is written where there is none', () => {
    expect(withComponentSection(undefined, all)).toMatch(/^# Components/)
  })
})
