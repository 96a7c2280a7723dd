import { type AccessModel, modelOf } from '../../access/model.ts'
import { judge } from '../../access/promises/judge.ts'
import type { Configuration, Environment } from '../../core/configuration.ts'
import type { Diagnostic } from '../../core/diagnostic.ts'
import type { Kinds } from '../../core/kind.ts'
import type { AccessPromise, PromiseResult } from '../../core/promise.ts'
import type { Address } from '../../core/resource.ts'
import { promiseDiagnostics } from '../../render/promises/diagnostics.ts'

/** What `check` says of the promises: an error for each that the files break. */
export function checkPromises(configuration: Configuration, kinds: Kinds): Diagnostic[] {
  return promiseDiagnostics(judgeFiles(configuration, kinds, configuration.environments))
}

/** The promises of these environments, on what the files say of all environments of their servers. */
export function judgeFiles(
  configuration: Configuration,
  kinds: Kinds,
  environments: readonly Environment[],
): PromiseResult[] {
  const judging = { asked: 'files', now: Date.now() / 1000 } as const
  const models = new Map<string, AccessModel>()
  return environments.flatMap((environment) => {
    const promises = promisesOf(configuration, environment)
    if (promises.length === 0) return []
    const siblings = siblingsOf(configuration, environment)
    const { product, version } = environment.server
    const key = `${siblings[0]?.name}\0${product}\0${version}`
    const model = models.get(key) ?? fileModel(environment, siblings, kinds)
    models.set(key, model)
    return promises.map((promise) => judge(promise, model, judging))
  })
}

export function promisesOf({ promises }: Configuration, { name }: Environment): AccessPromise[] {
  return promises.filter(({ environment }) => environment === name)
}

/** All environments of one server and namespace: they share one set of what the server's files describe. */
export function siblingsOf({ environments }: Configuration, { described }: Environment): Environment[] {
  return environments.filter((other) => other.described === described)
}

function fileModel({ server, namespace }: Environment, siblings: readonly Environment[], kinds: Kinds): AccessModel {
  const objects = siblings.flatMap(({ desired }) => desired)
  return modelOf(objects, { kinds, server, namespace })
}

/** What could not be read may break a promise about all roles and policies. */
export function withUnread(result: PromiseResult, unread: readonly Address[]): PromiseResult {
  if (unread.length === 0 || result.promise.subject.about === 'job' || result.outcome === 'broken') return result
  const message = `this token may not read ${unread.length === 1 ? unread[0] : `${unread.length} objects, such as ${unread[0]}`}`
  const help = 'Give the token "read" on what the environment owns, or narrow "owns" in its file.'
  const finding = { outcome: 'undecided', message, help, related: [] } as const
  return { ...result, outcome: 'undecided', findings: [...result.findings, finding] }
}
