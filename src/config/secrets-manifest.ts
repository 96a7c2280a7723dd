import * as z from 'zod'
import type { SecretUse } from '../core/configuration.ts'
import { UserError } from '../core/diagnostic.ts'
import { type Check, check } from './explain.ts'
import { collectProblems, type Problems } from './problems.ts'
import { readSecrets } from './secrets.ts'
import { type TextFile, textFile } from './text.ts'
import { singleDocument } from './yaml.ts'

/**
 * What `exec --secrets` reads where there is no configuration: one role of one environment, filled in. Keys are those of
 * environment and role files. JSON, or YAML, which includes it.
 */
export interface SecretsManifest {
  /** Absent where VAULT_ADDR says it. */
  readonly address?: string
  readonly namespace?: string
  /** Path of the auth mount, without `auth/`. */
  readonly mount?: string
  readonly role?: string
  /** By the name of the job's variable. */
  readonly secrets: Readonly<Record<string, SecretUse>>
}

const manifestSchema = z.strictObject({
  address: z.string().min(1).optional(),
  namespace: z.string().optional(),
  mount: z.string().min(1).optional(),
  role: z.string().min(1).optional(),
  secrets: z.record(z.string(), z.json()),
})

/** @param file its name, for messages. Throws UserError with all that is wrong with it. */
export function readSecretsManifest(file: string, text: string): SecretsManifest {
  const problems = collectProblems()
  const manifest = parse(textFile(file, text), problems)
  const errors = problems.list().filter(({ severity }) => severity === 'error')
  if (manifest === undefined || errors.length > 0) throw new UserError(errors)
  return manifest
}

function parse(file: TextFile, problems: Problems): SecretsManifest | undefined {
  const document = singleDocument(file, problems, new Set())
  if (document === undefined) return undefined
  const place: Check['place'] = (path, what = 'place') => document.find(path)[what]
  const manifest = check(manifestSchema, document.value, { problems, place })
  if (manifest === undefined) return undefined
  const { address, namespace, mount, role } = manifest
  const secrets = readSecrets(manifest.secrets, { problems, place })
  const texts = Object.entries({ address, namespace, mount, role }).filter(([, value]) => value !== undefined)
  return secrets && { ...Object.fromEntries(texts), secrets }
}
