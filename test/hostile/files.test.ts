import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkSavedPlan } from '../../src/commands/session/saved-plan.ts'
import { UserError } from '../../src/core/diagnostic.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { planDigest } from '../../src/core/plan.ts'
import { renderers } from '../../src/render/plan/index.ts'
import { temporaryFolder } from '../support/files.ts'
import { cases, seed } from '../support/generated.ts'
import { type Chance, chance } from './chance.ts'
import { hostileFiles, hostileSnapshot, linkTargets, soundFiles, soundSnapshot } from './repository.ts'
import { fault, run } from './run.ts'
import { hostileEnvironment, mutated, outsideCanary, spoiled } from './values.ts'

/** What the jobs of a fork's merge request run, and what people run who look at it. */
const questions: readonly (readonly [format: string, ...words: string[]])[] = [
  ...['text', 'json', 'codequality', 'junit', 'sarif'].map((format) => [format, 'check', '--format', format] as const),
  ...['text', 'json', 'junit'].map((format) => [format, 'test', '--format', format] as const),
  ...Object.keys(renderers).map((format) => [format, 'plan', '--live', 'snapshot.json', '--format', format] as const),
  ...Object.keys(renderers).map((format) => [format, 'drift', '--live', 'snapshot.json', '--format', format] as const),
  ...['text', 'json', 'codequality', 'junit', 'sarif'].map(
    (format) => [format, 'gitlab', 'check', '.gitlab-ci.yml', '--root', '.', '--format', format] as const,
  ),
  ...['csv', 'html', 'json', 'markdown', 'text'].map(
    (format) => [format, 'access', 'matrix', '--format', format] as const,
  ),
  ...['csv', 'html', 'json', 'markdown', 'text'].map(
    (format) => [format, 'gitlab', 'bindings', '--format', format] as const,
  ),
  ['text', 'gitlab', 'jobs', '--check'],
  ['text', 'gitlab', 'pipeline', '--check', '--out', 'pipeline.yml'],
  ...['text', 'json', 'markdown', 'csv'].flatMap((format) => [
    [format, 'migrate', 'inventory', '--export', 'g/p=variables.json', '--format', format] as const,
    [format, 'migrate', 'inventory', '--env-file', 'variables.env', '--format', format] as const,
    [format, 'migrate', 'inventory', '--yaml', '.gitlab-ci.yml', '--of', 'g/p', '--format', format] as const,
  ]),
]

const folder = temporaryFolder()
const outside = join(folder, 'outside.txt')
const repository = join(folder, 'repository')
writeFileSync(outside, `${outsideCanary}: "${outsideCanary}"\n`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { ...hostileEnvironment, VAULT_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN: 'hvs.none', VAULT_MAX_RETRIES: '0' }

function lay(files: Readonly<Record<string, string>>): readonly string[] {
  rmSync(repository, { recursive: true, force: true })
  for (const [path, content] of Object.entries({ ...files, '.git/config': outsideCanary })) {
    mkdirSync(dirname(join(repository, path)), { recursive: true })
    writeFileSync(join(repository, path), content)
  }
  return Object.keys(files)
}

function link(paths: readonly string[], random: Chance): void {
  const path = random.pick([
    ...paths,
    'gitlab/jobs.yml',
    'pipeline.yml',
    'roles',
    'policies',
    'environments',
    'gitlab',
    'test',
    'roles/link',
    'ca.pem',
  ])
  if (path.startsWith('.git/')) return
  const target = random.pick(linkTargets).replace('OUTSIDE', random.once(2) ? outside : '../outside.txt')
  mkdirSync(dirname(join(repository, path)), { recursive: true })
  rmSync(join(repository, path), { recursive: true, force: true })
  symlinkSync(target === '.git/config' ? join(repository, target) : target, join(repository, path))
}

const minutes = 60_000

test('without anything hostile the same repository is sound', async () => {
  lay({ ...soundFiles(), 'snapshot.json': soundSnapshot })
  expect(await run(['test'], { cwd: repository, env })).toMatchObject({ code: 0 })
  expect(await run(['plan', '--live', 'snapshot.json'], { cwd: repository, env })).toMatchObject({ code: 2 })
})

test(
  'whatever a fork brings: every command ends, says nothing it should not, and is no bug of ours',
  async () => {
    const [start, count] = [seed(), cases(400)]
    const codes = new Map<number, number>()
    for (let index = 0; index < count; index++) {
      const random = chance(start + index)
      const paths = lay({ ...hostileFiles(random), 'snapshot.json': hostileSnapshot(random) })
      if (random.once(3)) link(paths, random)
      const [format, ...words] = random.pick(questions)
      const ran = await run(words, { cwd: repository, env })
      codes.set(ran.code, (codes.get(ran.code) ?? 0) + 1)
      expect(
        fault(ran, format),
        `VAULTWRIGHT_SEED=${start + index} VAULTWRIGHT_CASES=1: ${words.join(' ')}`,
      ).toBeUndefined()
    }
    process.stdout.write(
      `hostile files: seed ${start}, ${count} repositories, exit codes ${JSON.stringify([...codes])}\n`,
    )
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(untouched)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  },
  20 * minutes,
)

const untouched = Object.getOwnPropertyNames(Object.prototype).sort()

test(
  'a saved plan of anybody is refused, or printed as a plan and no more',
  async () => {
    const [start, count] = [seed(), cases(1000)]
    let printed = 0
    for (let index = 0; index < count; index++) {
      const random = chance(start + index)
      const environments = random.pick([mutated, spoiled, spoiled])(
        [savedEnvironment],
        random,
        random.pick([4, 20, 60]),
      ) as never
      const digest = planDigest({ format: 'vaultwright-plan/1', environments })
      const file = { format: 'vaultwright-plan/1', environments, digest }
      const plan = accepted(file as unknown as JsonValue)
      if (plan === undefined) continue
      printed++
      for (const [format, renderer] of Object.entries(renderers)) {
        const stdout = (await renderer()).plan(plan, { color: false, question: 'plan' })
        expect(fault({ code: 0, stdout, stderr: '' }, format), `VAULTWRIGHT_SEED=${start + index}`).toBeUndefined()
      }
    }
    process.stdout.write(`hostile plans: seed ${start}, ${count} files, ${printed} printed in every format\n`)
    if (count >= 400) expect(printed).toBeGreaterThan(0)
  },
  20 * minutes,
)

/** Throws whatever is no UserError. */
function accepted(file: JsonValue) {
  try {
    return checkSavedPlan(file, 'plan.json')
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

const source = { file: 'roles/app.yaml', line: 1, column: 1 }
const role = { kind: 'jwt-role', address: 'jwt-role/jwt/app', path: 'auth/jwt/role/app', parent: 'auth-mount/jwt' }
const policy = { kind: 'policy', address: 'policy/reader', path: 'sys/policies/acl/reader' }
const savedEnvironment: JsonValue = {
  environment: 'production',
  server: {
    product: 'vault',
    version: '1.21.0',
    address: 'https://vault.example.com',
    namespace: 'team',
    clusterId: 'c',
  },
  changes: [
    {
      action: 'create',
      address: role.address,
      after: { ...role, spec: { role_type: 'jwt', bound_claims: { ref: ['a', 'b'] } }, needs: [], source },
    },
    {
      action: 'update',
      address: policy.address,
      before: { ...policy, spec: { policy: 'path "a" {}\n' } },
      after: { ...policy, spec: { policy: 'path "b" {}\n' }, needs: [], source },
      fields: [{ field: ['policy'], before: 'path "a" {}\n', after: 'path "b" {}\n' }],
      meaning: true,
    },
    { action: 'delete', address: 'policy/old', before: { ...policy, address: 'policy/old', spec: { policy: 'x' } } },
  ],
  unmanaged: ['policy/other'],
  access: {
    effects: [
      {
        effect: 'gain',
        roles: [role.address],
        who: 'project 42',
        claims: [],
        capabilities: ['read'],
        paths: ['b'],
        witness: { mount: 'jwt', role: 'app', claims: { project_id: '42' }, path: 'b', capability: 'read' },
        text: 'project 42 can read b',
      },
    ],
    beyond: [{ reason: 'a template' }],
  },
  notices: ['a notice'],
  configuration: 'sha256:0',
  seen: { 'policy/reader': 'sha256:1' },
}
