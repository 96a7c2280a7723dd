import { formatDuration } from '../../core/duration.ts'
import { fence, span } from '../markdown-span.ts'
import { madeBy, pages, type ReportFacts, type VaultObject, type VaultRequest, type VaultSide } from './facts.ts'

/** Output (a): the roles and policies of each environment, to read. */
export function vaultPage({ vault }: ReportFacts): string {
  return [
    `<!-- ${madeBy} -->`,
    '# (a) Vault: roles and policies',
    '',
    'Roles are shown without what has the default of the server. A write replaces a role, and some servers keep what it leaves',
    'out, so the scripts beside this page write every field. They are for reading and for servers that this program does not',
    'reach; `vaultwright apply` does the same, shows the difference first, and checks what it wrote.',
    '',
    ...vault.flatMap(environmentLines),
  ].join('\n')
}

function environmentLines(side: VaultSide): string[] {
  const { environment, program } = side
  return [
    `## ${span(environment)}`,
    '',
    `All of it: ${span(`VAULT_ADDR=${side.address ?? 'https://…'} sh ${pages.script(environment)}`)}`,
    '',
    ...side.objects.flatMap((object) => objectLines(object, program)),
  ]
}

function objectLines(object: VaultObject, program: string): string[] {
  switch (object.as) {
    case 'auth-mount':
      return [`### Mount ${span(object.mount)}`, '', command(program, object.enable), '']
    case 'policy':
      return [
        `### Policy ${span(object.name)}`,
        '',
        `${span(`${program} policy write ${object.name} -`)} with`,
        '',
        fence('hcl', object.text),
        '',
      ]
    default:
      return [
        `### ${object.as === 'role' ? `Role ${span(object.name)} at ${span(object.mount)}` : `Trust of ${span(object.mount)}`}`,
        '',
        ...ttlLine(object.spec['token_ttl']),
        `${span(`${program} write ${object.write.path} -`)} with`,
        '',
        fence('json', JSON.stringify(object.spec, undefined, 2)),
        '',
      ]
  }
}

function ttlLine(ttl: unknown): string[] {
  return typeof ttl === 'number' ? [`Its tokens live ${formatDuration(ttl)}.`, ''] : []
}

function command(program: string, { path, body }: VaultRequest): string {
  return `${span(`${program} write ${path} -`)} with\n\n${fence('json', JSON.stringify(nonEmpty(body), undefined, 2))}`
}

function nonEmpty(body: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        const inner = nonEmpty(value as Record<string, unknown>)
        return Object.keys(inner).length === 0 ? [] : [[name, inner]]
      }
      return value === '' || value === false || value === 0 || (Array.isArray(value) && value.length === 0)
        ? []
        : [[name, value]]
    }),
  )
}

/** Output (a) of one environment, to run: a POSIX script over the server's own program. Run twice, it changes nothing more. */
export function vaultScript(side: VaultSide): string {
  const { environment, program, address, namespace, objects } = side
  return [
    '#!/bin/sh',
    `# ${madeBy}`,
    `# Writes what environment ${JSON.stringify(environment)} has on its server. It removes nothing.`,
    '# A value that reads "(write-only)" is a secret that no file holds: fill it in before you run this.',
    'set -eu',
    ...(address === undefined
      ? [': "${VAULT_ADDR:?says which server is meant}"']
      : [`export VAULT_ADDR=${quoted(address)}`]),
    ...(namespace ? [`export VAULT_NAMESPACE=${quoted(namespace)}`] : []),
    `vault=$(command -v "\${VAULT_PROGRAM:-${program}}")`,
    '',
    ...objects.flatMap(objectScript),
  ].join('\n')
}

function objectScript(object: VaultObject): string[] {
  switch (object.as) {
    case 'auth-mount':
      return [
        `if "$vault" read -format=json sys/auth | grep -qF ${quoted(`"${object.mount}/":`)}; then`,
        ...write(object.tune),
        'else',
        ...write(object.enable),
        'fi',
        '',
      ]
    case 'policy':
      return [...heredoc(`"$vault" write ${quoted(object.path)} policy=-`, object.text), '']
    default:
      return [...write(object.write), '']
  }
}

function write({ path, body }: VaultRequest): string[] {
  return heredoc(`"$vault" write ${quoted(path)} -`, `${JSON.stringify(body, undefined, 2)}\n`)
}

/** The mark that ends it is a line that the text does not have. */
function heredoc(command: string, text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n')
  let mark = 'END'
  while (lines.includes(mark)) mark += '_'
  return [`${command} <<'${mark}'`, ...lines, mark]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
