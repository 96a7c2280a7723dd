import { compareVersions } from '../../../core/version.ts'
import { type CheckedCi, type CiFinding, type CiRule, eachJob, named } from '../rule.ts'
import { get } from '../value.ts'

/** What this GitLab and its runners have; what the settings do not say is not taken for missing. */

const freeEdition: CiRule = {
  id: 'GLC24',
  title: 'secrets on the Free edition',
  level: 'error',
  why: 'The secrets keyword is of Premium and Ultimate. On Free the job runs without them.',
  example: {
    bad: '# vaultwright.yaml: gitlab: { edition: free }\nsecrets: { DB_PASSWORD: { vault: production/db/password@ops } }',
    good: 'script:\n  - vaultwright exec --role myproject-production -- ./deploy',
  },
  check: eachJob(function* ({ job, secrets: [first] }, { gitlab }) {
    if (gitlab.edition !== 'free' || first === undefined) return
    yield {
      place: first.key,
      message: `${named(job)} has secrets, which GitLab's Free edition does not read`,
      help: 'Read them with "vaultwright exec", or with the templates of "vaultwright gitlab jobs --via script".',
    }
  }),
}

const tooOld: CiRule = {
  id: 'GLC25',
  title: 'GitLab or the runner is too old',
  level: 'error',
  why: 'An older one refuses the keyword, or does not know it and leaves the secret out.',
  example: {
    bad: '# vaultwright.yaml: gitlab: { runner: "16.9" }\nengine: { name: generic, path: database }',
    good: '# vaultwright.yaml: gitlab: { runner: "16.11" }\nengine: { name: generic, path: database }',
  },
  check: function* (ci) {
    yield* oldGitlab(ci)
    yield* oldRunner(ci)
  },
}

function isOlder(version: string | undefined, than: string): version is string {
  return version !== undefined && compareVersions(version, than) < 0
}

function* oldGitlab({ jobs, gitlab: { version }, pipeline: { root } }: CheckedCi): Iterable<CiFinding> {
  const inDefault = get(root, 'default', 'id_tokens')
  if (inDefault !== undefined && isOlder(version, '16.4'))
    yield {
      place: inDefault.at,
      message: `default: id_tokens needs GitLab 16.4, and this is ${version}`,
      help: 'Write them into the jobs.',
    }
  if (!isOlder(version, '15.7')) return
  for (const { job, idTokens } of jobs)
    if (idTokens[0] !== undefined)
      yield {
        place: idTokens[0].key,
        message: `id_tokens of ${named(job)} need GitLab 15.7, and this is ${version}`,
        help: 'Upgrade GitLab, or correct gitlab.version in vaultwright.yaml.',
      }
}

const sinceRunner: readonly (readonly [engine: string, since: string])[] = [['generic', '16.11']]

function* oldRunner({ jobs, gitlab: { runner } }: CheckedCi): Iterable<CiFinding> {
  const help = 'Upgrade the runner, or correct gitlab.runner in vaultwright.yaml.'
  for (const { job, secrets } of jobs) {
    const [first] = secrets
    if (first !== undefined && isOlder(runner, '13.4'))
      yield {
        place: first.key,
        message: `secrets of ${named(job)} need GitLab Runner 13.4, and this is ${runner}`,
        help,
      }
    for (const { name, engine, engineAt } of secrets) {
      const since = sinceRunner.find(([known]) => known === engine)?.[1]
      if (since !== undefined && isOlder(runner, since))
        yield {
          place: engineAt,
          message: `engine ${engine} of ${name} needs GitLab Runner ${since}, and this is ${runner}`,
          help,
        }
    }
  }
}

export const editionRules: readonly CiRule[] = [freeEdition, tooOld]
