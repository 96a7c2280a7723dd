import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { gitlabYaml } from '../../src/config/gitlab-document.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Via } from '../../src/core/configuration.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { type JobRole, jobRoles } from '../../src/gitlab/job-role.ts'
import { jobFiles } from '../../src/gitlab/jobs/files.ts'
import { kinds } from '../../src/kinds/index.ts'
import { gitlabProject, listJobs, preview, runJob } from '../support/gitlab-ci-local.ts'
import { type Claims, sign } from '../support/issuer.ts'
import { request, startVault } from '../support/live-vault.ts'
import { resolveSecrets } from '../support/runner.ts'
import type { VaultProcess } from '../support/vault-process.ts'
import { claimsFor, type JobName, logIn } from './claims.ts'
import { repositoryObjects } from './configuration.ts'
import { install } from './install.ts'

/**
 * Every role of this repository, as jobs really use it: through the template that is generated for it, on a real server, with
 * a signed ID token. Right as it is meant, and wrong in one thing each.
 */
const wrongs = {
  branch: { ref: 'a-change', ref_path: 'refs/heads/a-change', ref_protected: 'false' },
  project: {
    ...{ project_id: '70', project_path: 'other/project', namespace_id: '71', namespace_path: 'other' },
    ...{ job_project_id: '70', job_project_path: 'other/project', job_namespace_id: '71', job_namespace_path: 'other' },
  },
  environment: { environment: 'qa', environment_protected: 'false', deployment_tier: 'testing' },
  audience: { aud: 'https://elsewhere.example.com' },
} as const satisfies Record<string, Claims>

type Wrong = keyof typeof wrongs
const allWrongs = Object.keys(wrongs) as Wrong[]

/** What a role leaves open, as its file says and why; everything else that is wrong is refused. */
const open: Readonly<Record<JobName, readonly Wrong[]>> = {
  // Builds run on any branch before anything is merged, and none of them has an environment.
  'build-token': ['branch', 'environment'],
  'myproject-production': [],
  // Any branch of the project may use staging.
  'myproject-staging': ['branch'],
  // The platform's pipelines have no environments.
  'nexus-ci': ['environment'],
  // This configuration's own pipeline: planned on any branch, and its jobs have whatever environment they want.
  'vaultwright-apply': ['environment'],
  'vaultwright-drift': ['environment'],
  'vaultwright-plan': ['branch', 'environment'],
}

const names = Object.keys(open) as JobName[]
const refusals: Readonly<Record<Wrong, RegExp>> = {
  branch: /error validating claims: claim "(ref|ref_path|ref_protected)" does not match/,
  project: /error validating claims: claim "(job_)?(project|namespace)_id" does not match/,
  environment: /error validating claims: claim "environment(_protected)?" does not match/,
  audience: /error validating token: invalid audience \(aud\) claim/,
}

let server: VaultProcess
let roles: readonly JobRole[]
const stored = new Map<string, Record<string, string>>()

beforeAll(async () => {
  server = await startVault()
  await install(server, await repositoryObjects())
  const directory = fileURLToPath(new URL('../..', import.meta.url))
  roles = jobRoles((await loadConfiguration(directory, { kinds, env: {} })).environments)
  await storeSecrets()
  return async () => await server.stop()
}, 60_000)

/** Each field that a role reads, with a value of its own. */
async function storeSecrets(): Promise<void> {
  const uses = roles.flatMap(({ secrets }) => Object.values(secrets))
  for (const mount of new Set(uses.map((use) => use.mount)))
    await request(server, 'POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: '2' } })
  for (const { mount, path, field } of uses) {
    const at = `${mount}/data/${path}`
    const data = { ...stored.get(at), [field]: crypto.randomUUID() }
    stored.set(at, data)
    expect((await request(server, 'POST', at, { data })).status, at).toBe(200)
  }
}

function valuesOf({ secrets }: JobRole): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, { mount, path, field }]) => [
      name,
      (stored.get(`${mount}/data/${path}`) as Record<string, string>)[field] as string,
    ]),
  )
}

function withSecrets(): readonly JobRole[] {
  return roles.filter(({ secrets }) => Object.keys(secrets).length > 0)
}

/** What other projects include, with a job of the same name, without the dot, for each template. */
function templates(via: Via): string {
  const options = { via, command: 'vaultwright gitlab jobs', wanted: () => true, adapt: [], parts: '/' }
  return gitlabYaml(jobFiles(withSecrets(), options).main)
}

function claimsOf(name: JobName, wrong: Wrong | undefined): Claims {
  return { ...claimsFor(name), ...(wrong === undefined ? {} : wrongs[wrong]) }
}

/** Every job that has to get in or to be kept out. */
const cases = names.flatMap((name) => [undefined, ...allWrongs].map((wrong) => ({ name, wrong })))

function admitted({ name, wrong }: (typeof cases)[number]): boolean {
  return wrong === undefined || open[name].includes(wrong)
}

test('these are all roles that jobs log in to', () => {
  expect([...new Set(roles.map(({ name }) => name))].sort()).toEqual([...names].sort())
})

test('every role admits its job, and refuses it where one thing is wrong that it binds', async () => {
  for (const one of cases) {
    const login = await logIn(server, one.name, one.wrong === undefined ? {} : wrongs[one.wrong])
    const said = `${one.name}, wrong ${one.wrong}`
    if (admitted(one)) expect(login, said).toHaveProperty('token')
    else expect(login, said).toEqual({ status: 400, errors: [expect.stringMatching(refusals[one.wrong as Wrong])] })
  }
})

describe('the runner resolves the "secrets" of', () => {
  let jobs: Readonly<Record<string, JsonObject>>
  beforeAll(async () => {
    const pipeline = withSecrets().map(({ name }) => `${name}: { extends: .vault-${name}, script: ['true'] }\n`)
    const files = {
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\n${pipeline.join('')}`,
      'jobs.yml': templates('secrets'),
    }
    jobs = parse(await preview(files)) as typeof jobs
  })

  test.each(names.filter((name) => !name.startsWith('vaultwright-')))(
    '%s, and not with one thing wrong',
    async (name) => {
      const role = withSecrets().find((candidate) => candidate.name === name) as JobRole
      for (const wrong of [undefined, ...allWrongs]) {
        // The audience is the template's, where it is not the thing that is wrong.
        const { aud: _, ...claims } = claimsOf(name, wrong) as { aud?: string }
        const audience = wrong === 'audience' ? wrongs.audience : {}
        const job = jobs[name] as JsonObject
        const answer = await resolveSecrets({
          job,
          claims: { ...claims, ...audience },
          variables: { VAULT_SERVER_URL: server.address },
        })
        if (admitted({ name, wrong })) expect(answer, `${name}, wrong ${wrong}`).toEqual({ values: valuesOf(role) })
        else
          expect(answer, `${name}, wrong ${wrong}`).toMatchObject({
            failed: expect.stringMatching(refusals[wrong as Wrong]),
          })
      }
    },
  )
})

/** A job reads its secrets, and shows that it has them without showing them. */
function proof(via: Via, { secrets }: JobRole): string {
  const shown = Object.entries(secrets).map(([name, { file = true }]) => {
    const value = file ? `cat "$${name}"` : `printf %s "$${name}"`
    return `echo "has ${name} $(${value} | sha256sum)"`
  })
  const script = shown.join('; ')
  return via === 'exec'
    ? `vaultwright exec --secrets "$CI_PROJECT_DIR.tmp/vault-secrets.json" -- sh -c '${script}'`
    : script
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe.each(['exec', 'script'] as const)('jobs in bash that read by %s', (via) => {
  const id = ({ name, wrong }: { name: string; wrong: Wrong | undefined }) => `${name}-${wrong ?? 'right'}`

  /** Rules of the job's own replace the template's, as somebody may try: then only the server is in the way. */
  function jobOf(role: JobRole, wrong: Wrong | undefined) {
    const name = role.name
    const token = `TOKEN_${id({ name, wrong }).replaceAll('-', '_')}`
    return {
      extends: `.vault-${name}`,
      rules: [{ when: 'on_success' }],
      before_script: [`export VAULT_ID_TOKEN="$${token}"`, { '!reference': [`.vault-${name}`, 'before_script'] }],
      script: [proof(via, role)],
    }
  }

  test('have them where they are meant to, and are told why where not', async () => {
    const all = withSecrets().flatMap((role) => [undefined, ...allWrongs].map((wrong) => ({ role, wrong })))
    const document = {
      entries: [
        { key: 'include', value: { local: '/jobs.yml' } },
        ...all.map(({ role, wrong }) => ({ key: id({ name: role.name, wrong }), value: jobOf(role, wrong) })),
      ],
    }
    const project = gitlabProject({ '.gitlab-ci.yml': gitlabYaml(document), 'jobs.yml': templates(via) })
    const tokens = all.map(async ({ role, wrong }) => {
      const name = role.name as JobName
      return [`TOKEN_${id({ name, wrong }).replaceAll('-', '_')}`, await sign(claimsOf(name, wrong))] as const
    })
    const address = { VAULT_SERVER_URL: server.address, VAULT_ADDR: server.address }
    const variables = { ...address, ...Object.fromEntries(await Promise.all(tokens)) }
    const { output } = await runJob(
      project,
      all.map(({ role, wrong }) => id({ name: role.name, wrong })),
      { variables },
    )
    for (const { role, wrong } of all) {
      const name = role.name as JobName
      const said = output
        .split('\n')
        .filter((line) => line.includes(`${id({ name, wrong })} `))
        .join('\n')
      const values = Object.entries(valuesOf(role))
      for (const [variable, value] of values)
        if (admitted({ name, wrong })) expect(said, id({ name, wrong })).toContain(`has ${variable} ${hash(value)}`)
        else expect(said, id({ name, wrong })).not.toContain(hash(value))
      if (!admitted({ name, wrong })) expect(said, id({ name, wrong })).toMatch(refusals[wrong as Wrong])
      for (const [, value] of values) expect(output).not.toContain(value)
    }
  }, 120_000)
})

describe('the rules of its template keep the job away where the server would refuse it', () => {
  const project = { 'myproject-production': '42', 'myproject-staging': '42', 'build-token': '501', 'nexus-ci': '90' }
  const group = { 'myproject-production': '12', 'myproject-staging': '12', 'build-token': '5', 'nexus-ci': '9' }

  test.each(Object.keys(project) as (keyof typeof project)[])('%s', async (name) => {
    const files = {
      '.gitlab-ci.yml': `include: { local: /jobs.yml }\n${name}: { extends: .vault-${name}, script: ['true'] }\n`,
      'jobs.yml': templates('secrets'),
    }
    const own = { CI_PROJECT_ID: project[name], CI_PROJECT_NAMESPACE_ID: group[name] }
    const there = async (options: Parameters<typeof listJobs>[1], variables: Record<string, string> = own) =>
      (await listJobs(gitlabProject(files), { ...options, variables })).length > 0
    expect(await there({})).toBe(true)
    expect(await there({}, { CI_PROJECT_ID: '70', CI_PROJECT_NAMESPACE_ID: '71' })).toBe(false)
    expect(await there({ branch: 'a-change' })).toBe(open[name].includes('branch'))
  })
})
