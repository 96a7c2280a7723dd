import * as z from 'zod'
import type { SecretUse } from '../core/configuration.ts'
import { byText, type JsonValue } from '../core/json.ts'
import { secretPath } from '../core/secret.ts'
import { type Check, check } from './explain.ts'
import { quoted } from './text.ts'

/**
 * Nothing that the policy language or the server's router would read as something else than one plain path. One pattern,
 * so that JSON Schemas say the same.
 */
const segment = '(?!(?:\\.{1,2}|\\+)(?:/|$))[^\\u0000-\\u001f\\u007f"\\\\*/]+'
const plainPath = new RegExp(`^(?!\\s)(?![^]*(?:\\{\\{|\\}\\}|\\s$))${segment}(?:/${segment})*$`)

const pathOf = (description: string) =>
  z
    .string()
    .regex(plainPath, {
      error: 'expected a plain path: no wildcard, no quote, no "/" at its ends, no empty, "." or ".." segment',
    })
    .meta({ description })

/** `secrets` of a role file: what jobs of the role read, by the name of the variable that gets it. */
export const secretsSchema = z.record(
  z.string(),
  z.strictObject({
    engine: z.enum(['kv-v2', 'kv-v1', 'generic']).meta({ description: 'The secrets engine.' }).default('kv-v2'),
    mount: pathOf('Where the engine is mounted.'),
    path: pathOf('The path in the mount, without "data/".'),
    field: z.string().min(1).meta({ description: 'The key in the secret.' }),
    file: z.boolean().meta({ description: 'Whether jobs get the path of a file that holds the value.' }).optional(),
  }),
)

/** Variables that shells, the loader and interpreters read before they do what they are told. */
const steering =
  /^(?:PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|LD_\w+|DYLD_\w+|NODE_OPTIONS|NODE_PATH|PYTHON(?:PATH|STARTUP|HOME)|PERL5(?:LIB|OPT)|RUBY(?:LIB|OPT)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_(?:SSH|SSH_COMMAND|EXEC_PATH))$/

/** The secrets of a role; undefined once everything that is wrong is reported. */
export function readSecrets(
  value: JsonValue,
  options: Omit<Check, 'at'>,
): Readonly<Record<string, SecretUse>> | undefined {
  const { place, problems, details } = options
  const secrets = check(secretsSchema, value, { ...options, at: ['secrets'] })
  if (secrets === undefined) return undefined
  for (const [name, { engine, path }] of Object.entries(secrets)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      problems.error(
        'invalid-name',
        `${quoted(name)} cannot be the name of a job's variable`,
        place(['secrets', name], 'key'),
        {
          help: 'Use letters, digits and "_", the first a letter or "_".',
          ...details,
        },
      )
    if (steering.test(name))
      problems.warning(
        'secret-steers-programs',
        `the variable ${name} decides which programs and code a job runs`,
        place(['secrets', name], 'key'),
        { help: 'Whoever may write the secret could run anything in these jobs. Take another name.', ...details },
      )
    if (engine === 'kv-v2' && path.startsWith('data/'))
      problems.warning(
        'secret-path-data',
        `the path of ${name} begins with "data/", which the kv-v2 engine adds itself`,
        place(['secrets', name, 'path']),
        {
          help: `Write ${quoted(path.slice('data/'.length))}, unless the secret's own path begins with data/.`,
          ...details,
        },
      )
  }
  return secrets as Readonly<Record<string, SecretUse>>
}

/** A policy that holds exactly the read paths of the secrets. */
export function generatedPolicy(role: string, secrets: Readonly<Record<string, SecretUse>>): string {
  const paths = new Set(Object.values(secrets).map(secretPath))
  const blocks = [...paths].sort(byText).map((path) => `path "${path}" {\n  capabilities = ["read"]\n}\n`)
  return `# Generated from the secrets of role ${role}.\n${blocks.join('')}`
}
