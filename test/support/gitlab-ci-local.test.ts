import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { artifact, commit, gitlabProject, listJobs, preview, runJob, validate } from './gitlab-ci-local.ts'

const pipeline = `
stages: [plan, apply, drift]
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
.vault:
  id_tokens: { VAULT_ID_TOKEN: { aud: https://vault.example.com } }
plan:
  extends: .vault
  stage: plan
  parallel: { matrix: [{ ENV: [staging, production] }] }
  script: ['echo "plan of $ENV with $VAULT_ID_TOKEN" > plan-$ENV.txt; cat plan-$ENV.txt kept.txt']
  artifacts: { paths: ['plan-$ENV.txt'] }
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
    - if: $CI_PIPELINE_SOURCE == "push"
apply:
  stage: apply
  needs: [{ job: plan, parallel: { matrix: [{ ENV: production }] } }]
  script: [cat plan-production.txt, 'ls', 'test ! -e untracked.txt']
  rules: [{ if: '$CI_COMMIT_REF_PROTECTED == "true" && $CI_PIPELINE_SOURCE == "push"', when: manual }]
drift:
  stage: drift
  script: ['exit 2']
  allow_failure: { exit_codes: [2] }
  rules: [{ if: '$CI_PIPELINE_SOURCE == "schedule"' }]
`

const files = { '.gitlab-ci.yml': pipeline, 'kept.txt': 'a committed file\n' }

async function names(project: string, options: Parameters<typeof listJobs>[1]) {
  return (await listJobs(project, options)).map(({ name, when }) => (when === 'manual' ? `${name} (manual)` : name))
}

describe('gitlab-ci-local', () => {
  test('takes a valid pipeline, and says what is wrong with another', async () => {
    expect(await validate(files)).toMatchObject({ valid: true })
    const nested = 'job: { script: [x], secrets: { P: { vault: a/b@c, id_tokens: { T: { aud: x } } } } }\n'
    const answer = await validate({ '.gitlab-ci.yml': nested })
    expect(answer.valid).toBe(false)
    expect(answer.message).toContain('job.secrets.P')
  })

  test('expands what the files refer to', async () => {
    const text = await preview({
      '.gitlab-ci.yml': 'include: { local: /jobs.yml }\njob: { extends: .base }\n',
      'jobs.yml': '.base: { script: [echo hello] }\n',
    })
    expect(text).toMatch(/job:\n(.*\n)*? +- echo hello/)
  })

  test('lists the jobs of a push, a merge request, a fork and a schedule', async () => {
    const project = gitlabProject(files)
    const plans = ['plan: [staging]', 'plan: [production]']
    expect(await names(project, {})).toEqual([...plans, 'apply (manual)'])
    expect(await names(project, { source: 'merge_request_event', branch: 'feature' })).toEqual(plans)
    expect(await names(project, { source: 'merge_request_event', branch: 'feature', sourceProject: 99 })).toEqual([])
    expect(await names(project, { source: 'schedule' })).toEqual(['drift'])
    expect(await names(project, { protected: false })).toEqual(plans)
  })

  test('starts nothing where workflow rules forbid it', async () => {
    expect(await names(gitlabProject(files), { branch: 'feature' })).toEqual([])
  })

  test('runs jobs in copies of the committed files, and hands artifacts on', async () => {
    const directory = gitlabProject(files)
    const plan = await runJob(directory, 'plan', { variables: { VAULT_ID_TOKEN: 'a.b.c' } })
    expect(plan.output).toContain('plan of staging with a.b.c')
    expect(plan.output).toContain('a committed file')
    expect(plan.code).toBe(0)
    expect(artifact(directory, 'plan: [production]', 'plan-production.txt')).toBe('plan of production with a.b.c\n')

    commit(directory, { 'later.txt': '' })
    const apply = await runJob(directory, 'apply')
    expect(apply.output).toContain('plan of production with a.b.c')
    expect(apply.output).toContain('later.txt')
    expect(apply.output).not.toContain('plan-staging.txt')
    expect(apply.code).toBe(0)
  })

  test('keeps of a job what its artifacts name, without what they exclude', async () => {
    const job = {
      stage: 'build',
      script: [
        'mkdir -p out/deep && touch out/a.txt out/a.log out/deep/b.txt out/deep/b.log other.txt',
        'echo KEY=value > job.env',
      ],
      artifacts: { paths: ['out/'], exclude: ['out/**/*.log', 'out/*.log'], reports: { dotenv: 'job.env' } },
    }
    const next = {
      stage: 'test',
      script: ['find . -name "*.log" -o -name "[ab].txt" -o -name other.txt | sort', 'echo "key is $KEY"'],
    }
    const directory = gitlabProject({ '.gitlab-ci.yml': stringify({ job, next }) })
    await runJob(directory, 'job')
    const { output, code } = await runJob(directory, 'next')
    expect(code).toBe(0)
    expect(output.match(/\.\/\S+|key is \w+/g)).toEqual(['./out/a.txt', './out/deep/b.txt', 'key is value'])
  })

  test('tells a failure, and one that is allowed', async () => {
    const failing = { '.gitlab-ci.yml': 'job: { script: [exit 3] }\n' }
    expect((await runJob(failing, 'job')).code).not.toBe(0)
    expect(await runJob(files, 'drift', { source: 'schedule' })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/WARN.* drift/),
    })
  })
})
