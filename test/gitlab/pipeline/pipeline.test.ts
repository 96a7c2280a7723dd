import { describe, expect, test, vi } from 'vitest'
import { tierOf } from '../../../src/gitlab/pipeline/tier.ts'
import { gitlabProject, listJobs, type PipelineOptions, validate } from '../../support/gitlab-ci-local.ts'
import { environment, files, jobs, placed, role, warnings, written } from './files.ts'

const project = 'project_id: "7", job_project_id: "7"'

// Each look at a pipeline starts programs, and other tests run beside this one.
vi.setConfig({ testTimeout: 240_000 })

describe('a pipeline', () => {
  test('has the jobs that belong to its start, and no others', async () => {
    const directory = gitlabProject({ '.gitlab-ci.yml': await written() })
    expect(await validate(directory)).toMatchObject({ valid: true })
    const names = async (options: PipelineOptions) =>
      (await listJobs(directory, options)).map(({ name, when }) => (when === 'manual' ? `${name} (manual)` : name))
    const both = (job: string) => [`${job}: [production]`, `${job}: [staging]`]
    const mergeRequest = { source: 'merge_request_event', branch: 'a-change' } as const
    expect(await names(mergeRequest)).toEqual(['check', 'promises', ...both('plan')])
    expect(await names({ ...mergeRequest, sourceProject: 666 })).toEqual(['check', 'promises', ...both('plan:fork')])
    const applies = ['apply:production (manual)', 'apply:staging']
    const pushed = ['check', 'promises', ...both('plan'), ...applies, ...both('snapshot')]
    expect(await names({ source: 'push' })).toEqual(pushed)
    expect(await names({ source: 'web' })).toEqual(pushed)
    expect(await names({ source: 'schedule' })).toEqual([...both('snapshot'), ...both('drift')])
    expect(await names({ source: 'push', branch: 'a-change' })).toEqual([])
    expect(await names({ source: 'push', protected: false })).not.toContain('apply:staging')
    expect(await names({ source: 'api' })).toEqual([])
  })

  test('gives an ID token to jobs that log in, and to no job that runs the code of a fork', async () => {
    const { 'plan:fork': fork, check, promises, ...others } = await jobs()
    for (const job of [fork, check, promises]) expect(job).not.toHaveProperty('id_tokens')
    for (const name of ['plan', 'apply:staging', 'apply:production', 'snapshot', 'drift'])
      expect(others[name]?.['id_tokens'], name).toEqual({ VAULT_ID_TOKEN: { aud: 'https://vault' } })
  })

  test('applies the plan that this pipeline made of the environment', async () => {
    const { 'apply:production': apply } = await jobs()
    expect(apply).toMatchObject({
      needs: [{ job: 'plan', parallel: { matrix: [{ VAULTWRIGHT_ENVIRONMENT: 'production' }] } }],
      environment: { name: 'production', deployment_tier: 'production', action: 'start' },
      interruptible: false,
      script: ['vaultwright apply "plan/production.json"'],
    })
  })

  test('exposes plans as long as GitLab shows them', async () => {
    const exposed = async (count: number) => {
      const names = Array.from({ length: count }, (_, index) => `e${index}`)
      const many = {
        ...Object.fromEntries(names.map((name) => [`environments/${name}.yaml`, environment()])),
        'environments/staging.yaml': undefined,
        'environments/production.yaml': undefined,
        ...Object.fromEntries(
          ['plan', 'apply', 'drift'].map((job) => [
            `roles/vaultwright-${job}.yaml`,
            role(project, `environments: [${names.join(', ')}]\n`),
          ]),
        ),
      }
      return (await jobs(many))['plan']?.['artifacts']
    }
    expect(await exposed(10)).toHaveProperty('expose_as')
    expect(await exposed(11)).not.toHaveProperty('expose_as')
  })

  test('reads the configuration in its folder', async () => {
    const text = await written({}, { directory: 'vault config' })
    const lines = text.match(/vaultwright (check|test|plan|apply|snapshot|drift) .*/g) ?? []
    expect(lines).toHaveLength(8)
    for (const line of lines) expect(line).toContain('--directory "vault config"')
  })

  test('posts notes where it is told to', async () => {
    const line = expect.stringContaining('vaultwright gitlab note --report "plan/$VAULTWRIGHT_ENVIRONMENT.report.json"')
    expect((await jobs({}, { note: true }))['plan']?.['script']).toContainEqual(line)
    expect(await written()).not.toContain('gitlab note')
  })

  test('keeps the reports of a plan that must not be applied, and lets a pipeline by hand release it', async () => {
    const { plan, 'plan:fork': fork, variables } = await jobs()
    for (const job of [plan, fork]) {
      expect(job?.['artifacts']).toMatchObject({ when: 'always', paths: ['plan/'] })
      for (const file of ['.md', '.report.json', '.terraform.json'])
        expect(String(job?.['script'])).toContain(`=plan/$VAULTWRIGHT_ENVIRONMENT${file}"`)
    }
    // Anything but an empty default would release in every pipeline.
    expect(variables).toEqual({ VAULTWRIGHT_ALLOW: { value: '', description: expect.stringMatching(/\S/) } })
    expect(await written()).not.toContain('--allow')
  })
})

test('where no job may fetch a snapshot, a fork is told that it is not planned', async () => {
  const { 'plan:fork': fork, snapshot } = await jobs({}, { snapshots: false })
  expect(snapshot).toBeUndefined()
  expect(fork).toMatchObject({ allow_failure: true, script: expect.arrayContaining(['exit 1']) })
  expect(fork).not.toHaveProperty('id_tokens')
  const directory = gitlabProject({ '.gitlab-ci.yml': await written({}, { snapshots: false }) })
  const start = { source: 'merge_request_event', branch: 'a-change', sourceProject: 666 } as const
  const names = (await listJobs(directory, start)).map(({ name }) => name)
  expect(names).toEqual(['check', 'promises', 'plan:fork'])
})

describe('environments that log in differently', () => {
  const apart = {
    'environments/staging.yaml': environment('address: https://staging:8200\nvariables: { aud: https://a }\n'),
    'environments/production.yaml': environment(
      'address: https://vault.example.com\nnamespace: team\nvariables: { aud: https://b }\n',
    ),
    ...Object.fromEntries(
      ['plan', 'apply', 'drift'].map((job) => [
        `roles/vaultwright-${job}.yaml`,
        role(project, 'bound_audiences: ["${aud}"]\n'),
      ]),
    ),
  }

  test('have what differs in the matrix, which needs names again', async () => {
    const { plan, 'apply:staging': apply } = await jobs(apart)
    const one = (environment: string, audience: string) => ({
      VAULTWRIGHT_ENVIRONMENT: environment,
      VAULT_AUDIENCE: audience,
    })
    expect(plan?.['parallel']).toEqual({ matrix: [one('production', 'https://b'), one('staging', 'https://a')] })
    expect(plan?.['id_tokens']).toEqual({ VAULT_ID_TOKEN: { aud: '$VAULT_AUDIENCE' } })
    expect(apply?.['needs']).toEqual([{ job: 'plan', parallel: { matrix: [one('staging', 'https://a')] } }])
    expect(apply?.['id_tokens']).toEqual({ VAULT_ID_TOKEN: { aud: 'https://a' } })
  })

  test('are found by GitLab: a plan for each, and a snapshot by the name that a fork asks for', async () => {
    const text = await written(apart)
    const directory = gitlabProject({ '.gitlab-ci.yml': text })
    const listed = await listJobs(directory, { source: 'push' })
    const needs = listed.find(({ name }) => name === 'apply:staging')?.needs
    expect(needs).toMatchObject([{ job: 'plan', parallel: { matrix: [{ VAULT_AUDIENCE: 'https://a' }] } }])
    // GitLab has a space after the comma.
    expect(listed.map(({ name }) => name.replace(',', ', '))).toContain('snapshot: [staging, https://a]')
    expect(text).toContain('job=snapshot: [$VAULTWRIGHT_ENVIRONMENT, $VAULT_AUDIENCE]')
  })

  test('wait for other applies to their own server only', async () => {
    const { 'apply:staging': staging, 'apply:production': production } = await jobs(apart)
    expect(staging?.['resource_group']).toBe('vault-staging-8200')
    expect(production?.['resource_group']).toBe('vault-vault.example.com')
    const together = await jobs()
    expect(together['apply:staging']?.['resource_group']).toBe(together['apply:production']?.['resource_group'])
  })
})

describe('an apply', () => {
  const when = async (name: string, options = {}, claims = project) => {
    const only = 'environments: ['
    const { [`apply:${name}`]: apply } = await jobs(
      {
        'environments/staging.yaml': undefined,
        'environments/production.yaml': undefined,
        [`environments/${name}.yaml`]: environment(),
        'roles/vaultwright-plan.yaml': role(project, `${only}${name}]\n`),
        'roles/vaultwright-apply.yaml': role(claims, `${only}${name}]\n`),
        'roles/vaultwright-drift.yaml': role(project, `${only}${name}]\n`),
      },
      options,
    )
    return apply as unknown as { rules: [{ if: string; when?: string }]; environment: object }
  }

  test('is started by hand for production and what may be production', async () => {
    for (const name of ['production', 'prod-eu', 'live', 'customer'])
      expect((await when(name)).rules[0].when, name).toBe('manual')
    for (const name of ['staging', 'test', 'dev', 'preprod'])
      expect((await when(name)).rules[0], name).not.toHaveProperty('when')
  })

  test('is started by hand for exactly the environments that the settings name', async () => {
    expect((await when('staging', { manual: ['stag*'] })).rules[0].when).toBe('manual')
    expect((await when('production', { manual: [] })).rules[0]).not.toHaveProperty('when')
  })

  test('says the environment that the role binds', async () => {
    const { environment } = await when('eu', {}, `${project}, environment: live/eu, deployment_tier: production`)
    expect(environment).toEqual({ name: 'live/eu', deployment_tier: 'production', action: 'start' })
  })

  test('is in those pipelines only that the role lets in', async () => {
    const { rules } = await when('eu', {}, `${project}, pipeline_source: push`)
    expect(rules[0].if).toContain('$CI_PIPELINE_SOURCE == "push"')
    expect((await when('eu')).rules[0].if).toContain('/^(push|web)$/')
  })
})

/** GitLab: app/models/environment.rb. */
test('tiers are what GitLab takes a name for', () => {
  const names = ['review/1', 'trunk', 'qa', 'accept', 'stg', 'model', 'non-prod', 'prd', 'LIVE', 'eu']
  const tiers = ['development', 'development', 'testing', 'testing', 'staging', 'staging', 'staging']
  expect(names.map(tierOf)).toEqual([...tiers, 'production', 'production', 'other'])
})

describe('shards', () => {
  test('spread the environments over jobs, and each applies what its plan saved', async () => {
    const text = await written({}, { shards: 2 })
    const directory = gitlabProject({ '.gitlab-ci.yml': text })
    expect(await validate(directory)).toMatchObject({ valid: true })
    const { plan, apply, snapshot } = await jobs({}, { shards: 2 })
    expect(plan?.['parallel']).toBe(2)
    expect(plan?.['script']).toContainEqual(expect.stringContaining('--shard "$CI_NODE_INDEX/$CI_NODE_TOTAL" --out'))
    expect(apply).toMatchObject({
      parallel: 2,
      needs: ['plan'],
      script: ['vaultwright apply "plan/$CI_NODE_INDEX.json"'],
    })
    expect(apply).not.toHaveProperty('environment')
    expect(snapshot?.['parallel']).toBe(2)
    const names = (await listJobs(directory, { source: 'push' })).map(({ name }) => name)
    expect(names).toContain('snapshot: [1/2]')
  })

  test('of several namespaces have no snapshot, which is of one', async () => {
    const files = { 'environments/staging.yaml': environment('namespace: team\n') }
    expect(await jobs(files, { shards: 2 })).not.toHaveProperty('snapshot')
    expect(await jobs(files)).toHaveProperty('snapshot')
  })
})

describe('roles', () => {
  const messages = async (...words: Parameters<typeof placed>) =>
    (await placed(...words)).problems.map(({ code, message }) => `${code} ${message}`)

  test('that are missing are named, with their environment', async () => {
    const only = { 'roles/vaultwright-drift.yaml': role(project, 'environments: [staging]\n') }
    expect(await messages(only)).toEqual([
      'no-pipeline-role production has no role vaultwright-drift, by which the pipeline would log in',
    ])
  })

  test('that several environments lack are one problem, and its help says what to write', async () => {
    const { problems } = await placed({ 'roles/vaultwright-apply.yaml': undefined })
    expect(problems.map(({ message }) => message)).toEqual([
      'production and staging have no role vaultwright-apply, by which the pipeline would log in',
    ])
    for (const words of [
      'docs/gitlab-pipeline.md',
      'roles/vaultwright-apply.yaml',
      'environments: [production, staging]',
      'ref_protected',
    ])
      expect(problems[0]?.help).toContain(words)
  })

  test('may be named for each environment', async () => {
    const own = {
      'roles/vaultwright-plan.yaml': undefined,
      'roles/planner.yaml': role(project, 'name: planner-${environment}\n'),
    }
    const names = { plan: 'planner-${environment}', apply: 'vaultwright-apply', drift: 'vaultwright-drift' }
    expect(await messages(own, names)).toEqual([])
    expect((await placed(own, names)).places.map(({ plan }) => plan.name)).toEqual([
      'planner-production',
      'planner-staging',
    ])
  })
})

describe('what Vault would say', () => {
  test('is nothing where every job gets in that should', async () => {
    expect(await warnings()).toEqual([])
  })

  test('names the job and the claim that keeps it out', async () => {
    const found = await warnings({ 'roles/vaultwright-plan.yaml': role(`${project}, ref_protected: "true"`) })
    expect(found).toHaveLength(2)
    expect(found[0]).toMatch(/^job-refused: production: plan in a merge request would be refused .*"ref_protected"/)
    expect(found[0]).toMatch(/expected "true", the token has "false"/)
  })

  test('is about the source of the pipeline, the environment and the project', async () => {
    const drift = role(`${project}, pipeline_source: [push]`)
    expect((await warnings({ 'roles/vaultwright-drift.yaml': drift })).join()).toMatch(
      /drift in a schedule .*pipeline_source/,
    )
    const other = role('project_id: "8", job_project_id: "8"')
    expect((await warnings({ 'roles/vaultwright-drift.yaml': other })).join()).toMatch(
      /drift in a schedule .*project_id/,
    )
    const action = role(`${project}, ref_protected: "true", environment: production`)
    // The file names the environment that the role binds, so that it gets in.
    expect(await warnings({ 'roles/vaultwright-apply.yaml': action })).toEqual([])
  })

  test('warns of a plan role that lets in the code of forks, and of an apply role that takes any branch', async () => {
    const open = await warnings({ 'roles/vaultwright-plan.yaml': role('job_project_id: "7"') })
    expect(open[0]).toMatch(/^job-admitted: production: plan of a fork's code would be let in/)
    const any = await warnings({ 'roles/vaultwright-apply.yaml': role(project) })
    expect(any[0]).toMatch(/^job-admitted: production: apply on another, unprotected branch would be let in/)
  })

  test('takes what the pipeline does not decide as the role asks for it', async () => {
    const more = 'user_access_level: maintainer, runner_environment: self-hosted, namespace_path: platform'
    expect(await warnings({ 'roles/vaultwright-plan.yaml': role(`${project}, ${more}`) })).toEqual([])
  })
})

test('the same files give the same text, whatever their order', async () => {
  const reversed = Object.fromEntries(Object.entries(files).reverse())
  expect(await written(reversed)).toBe(await written())
})
