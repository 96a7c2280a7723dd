import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gitlab } from '../support/issuer.ts'
import type { Scene } from './scene.ts'

/** One run of a command in a scene, after those above it. */
export interface Run {
  readonly words: readonly string[]
  /** Exit codes that say that it did what it was to do. */
  readonly ends: readonly (number | null)[]
  /** All of the environment besides PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Ended by this signal once it prints this. */
  readonly stop?: { readonly when: RegExp; readonly by: NodeJS.Signals }
  /** Whether it asks a server or GitLab with a credential: the one that is broken in the runs that fail. */
  readonly asks?: 'vault' | 'gitlab'
  /** Changes the world first. */
  before?(): Promise<void>
}

/** Runs by command; every command of the program has a row. */
export type Rows = Readonly<Record<string, readonly Run[]>>

export function rows(scene: Scene): Rows {
  const run = (words: string, ends: number | readonly number[] = 0, more: Partial<Run> = {}): Run => ({
    words: words.split(' ').filter(Boolean),
    ends: [ends].flat(),
    env: scene.env,
    ...more,
  })
  const { id } = scene
  const vault = { asks: 'vault' } as const
  const api = { asks: 'gitlab' } as const
  const { VAULT_TOKEN: _, ...tokenFile } = scene.env
  const badly = (more: Readonly<Record<string, string>>) => ({ env: { ...scene.env, ...more } })
  // The job's other variables are the command's as well: what it prints of them is not for this program to hide.
  const own = jobOnly(scene)
  const exec = (options: readonly string[], command: readonly string[], ends: readonly number[], more = {}): Run => ({
    words: ['exec', '--role', 'ci', '-e', 'production', ...options, '--', ...command],
    ...{ ends, env: { ...scene.env, ...own }, ...vault, ...more },
  })
  return {
    version: [run('version')],
    schema: [run('schema role'), run('schema --out schemas')],
    check: [
      run('check'),
      run('check --out check.txt --format json'),
      run('check -C broken', 1),
      run('check -C broken --fix', 1),
    ],
    snapshot: [
      run('snapshot -e production -o snapshot.json', 0, vault),
      run('snapshot --without-files', 0, { ...vault, env: scene.byIdToken }),
    ],
    plan: [
      run('plan -e production --out plan.json --report html=plan.html --report markdown=plan.md', 2, vault),
      run('plan', 2, { ...vault, env: tokenFile }),
      run('plan -v', 2, { ...vault, env: scene.byIdToken }),
      run('plan -e production --live snapshot.json', 2),
      run('plan -C broken', 1),
      run('plan', 1, badly({ VAULT_ADDR: `http://somebody:${scene.password}@127.0.0.1:1` })),
      run(
        'plan',
        1,
        badly({
          VAULT_ADDR: 'http://vault.example.com',
          VAULT_PROXY_ADDR: `http://somebody:${scene.password}@127.0.0.1:1`,
        }),
      ),
      run(
        'plan',
        1,
        badly({ VAULT_ADDR: 'http://vault.example.com', VAULT_PROXY_ADDR: `somebody:${scene.password}@127.0.0.1:1` }),
      ),
      run('plan', 1, badly({ VAULT_ADDR: 'https://127.0.0.1:1', ...clientKey })),
      run('plan', 1, badly({ VAULT_TOKEN: `${scene.env['VAULT_TOKEN']}\n${scene.env['VAULT_TOKEN']}` })),
      run('plan', 1, badly({ OIDC_CLIENT_SECRET: '', VAULT_NAMESPACE: scene.env['OIDC_CLIENT_SECRET'] as string })),
    ],
    apply: [
      run('apply plan.json -v', 0, vault),
      run(`apply -e production --auto-approve --format json --rewrite jwt-config/${id}`, 0, vault),
      run(`apply -e production --auto-approve --rewrite jwt-config/${id}`, 0, { ...vault, env: scene.byIdToken }),
      // The server refuses the service account, which is none.
      run('apply -e staging --auto-approve', 1, vault),
    ],
    drift: [
      run('drift -e production', 0, { ...vault, env: tokenFile }),
      run('drift -e production --audit-log audit.log --audit-device none', [1, 2], {
        ...vault,
        before: () =>
          scene.root('POST', `sys/policies/acl/${id}-read`, {
            policy: `path "${id}-kv/data/app" { capabilities = ["read", "list"] }`,
          }),
      }),
      run('drift -e production --report junit=drift.xml', 2, { ...vault, env: scene.byIdToken }),
    ],
    rollback: [run(`rollback ${newestJournal(scene)} --out back.json`, [0, 1, 2], vault)],
    import: [
      run(`import -e production --mount ${id}* --out import/live`, 0, vault),
      run(`import -e production --mount ${id}* --out import/live --dry-run --format json`, [0, 1], {
        ...vault,
        env: scene.byIdToken,
      }),
      run(
        `import --from-terraform production=state.json --address production=${gitlab} --server vault@1.21.0 --out import/tf`,
        [0, 1],
      ),
      run(
        `import --from-bank-vaults production=bank-vaults.yml --address production=${gitlab} --server vault@1.21.0 --out import/bv`,
        [0, 1],
      ),
      run('import --from-terraform production=variables.env --out import/no', 1),
      run('import --from-bank-vaults production=.gitlab-ci.yml --out import/no', 1),
    ],
    test: [
      run('test -e production'),
      run('test -e production --live', [0, 1], vault),
      run('test -e production --live --signing-key signing-key.pem', [0, 1], vault),
      run('test -e production --live --signing-key client-key.pem', 1, vault),
    ],
    'access can': [
      run(`access can read ${id}-kv/data/app --role ci --claims claims.json -e production`),
      run(`access can read ${id}-kv/data/app --role ci --token - -e production`, [0, 1], { input: idToken(scene) }),
    ],
    'access why': [
      run('access why --role ci --token - -e production', [0, 1], { input: idToken(scene) }),
      run('access why --token - -e production', [0, 1], { input: `${idToken(scene)}.${idToken(scene)}` }),
      run('access why --claims - -e production', 1, { input: idToken(scene) }),
    ],
    'access diff': [run('access diff live -e production', 0, vault), run('access diff broken', 1)],
    'access prove': [run(`access prove read ${id}-kv/data/* -e production`, [0, 1])],
    'access matrix': [run('access matrix -e production'), run('access matrix -e production --live', 0, vault)],
    'gitlab jobs': [run('gitlab jobs'), run('gitlab jobs --via script --out jobs.yml')],
    'gitlab check': [run('gitlab check .gitlab-ci.yml --root .', [0, 1])],
    'gitlab bindings': [run('gitlab bindings')],
    'gitlab pipeline': [run('gitlab pipeline', [0, 1])],
    'gitlab component': [run('gitlab component --out component')],
    'gitlab note': [run('gitlab note --plan plan.json', 0, api), run('gitlab note --plan variables.env', 1)],
    'migrate inventory': [
      run('migrate inventory --project 22 --group 7 --out inventory.json --hash-key-file hash.key', 0, api),
      run(
        `migrate inventory --env-file variables.env --yaml .gitlab-ci.yml --export company/app=export.json --of company/${id}`,
        [0, 1],
      ),
      run('migrate inventory --export company/app=variables.env', 1),
    ],
    'migrate plan': [
      run(
        `migrate plan inventory.json --out moved --gitlab-url ${gitlab} --audience https://vault.example.com --mount ${id}-kv --auth-mount ${id}`,
      ),
      run('migrate plan export.json', 1),
    ],
    'migrate checklist': [
      run('migrate checklist moved/migration.json --out list.json'),
      run('migrate checklist list.json'),
    ],
    'migrate copy': [run('migrate copy list.json -v', [0, 1], vault), run('migrate copy list.json', [0, 1], api)],
    'migrate verify': [
      run('migrate verify list.json --gitlab-yaml .gitlab-ci.yml --hash-key-file hash.key -v', [1, 2], vault),
      run('migrate verify list.json --gitlab-yaml .gitlab-ci.yml', [1, 2], api),
    ],
    report: [run('report -e production --out report')],
    exec: [
      exec(['-v'], ['sh', '-c', shown], [0], { env: own }),
      exec(['--env-only', '--pass-token'], ['env'], [0], { env: own }),
      exec([], ['sh', '-c', `${shown}; echo ready; sleep 60`], [143], {
        env: own,
        stop: { when: /ready/, by: 'SIGTERM' },
      }),
      exec([], ['/nonexistent/command'], [127]),
      exec(['--secret', `NO=${id}-kv/app#nothing`], ['true'], [1]),
      exec(['--role', 'other'], ['true'], [1]),
    ],
    sandbox: [
      run('sandbox --listen 127.0.0.1:0 --load snapshot.json', [0, 130], {
        stop: { when: /127\.0\.0\.1/, by: 'SIGINT' },
      }),
      run('sandbox --listen 127.0.0.1:0 --load variables.env', 1),
    ],
  }
}

/** Everything that a command can show: values, files, and how a shell, JSON, URLs and base64 write them. */
const shown = 'env; cat "$LINES"; echo "$ODD" >&2; printf %s "$PASSWORD" | base64; set -x; echo "$PASSWORD $ODD"'

const clientKey = {
  VAULT_CLIENT_KEY: 'client-key.pem',
  VAULT_CLIENT_CERT: 'client-key.pem',
  VAULT_CACERT: 'client-key.pem',
}

function idToken({ byIdToken }: Scene): string {
  return byIdToken['VAULT_ID_TOKEN'] as string
}

/** What a job needs to log in by its role, and tokens that its command must not get. */
function jobOnly({ id, env, byIdToken }: Scene): Readonly<Record<string, string>> {
  const { VAULT_ADDR = '', VAULT_ID_TOKEN = '' } = byIdToken
  const { VAULT_TOKEN = '' } = env
  return { VAULT_ADDR, VAULT_ID_TOKEN, VAULT_TOKEN, BAO_TOKEN: VAULT_TOKEN, VAULT_AUTH_PATH: `${id}-jobs` }
}

/** By then the applies have been. */
function newestJournal({ places }: Scene): string {
  const folder = '.vaultwright/journal'
  try {
    const [first = 'none'] = readdirSync(join(places.work, folder))
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
    return `${folder}/${first}`
  } catch {
    return `${folder}/none`
  }
}
