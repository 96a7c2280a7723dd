import { isCredential } from '../../config/credentials.ts'
import { type Diagnostic, UserError } from '../../core/diagnostic.ts'
import { policyLine } from '../../core/policy-line.ts'
import { VaultError } from '../../core/server.ts'
import { renderDiagnostics } from '../../render/diagnostics.ts'
import { visible } from '../../render/visible.ts'
import { scrub } from '../../vault/scrub.ts'
import type { Context } from './command.ts'
import { useColor } from './options.ts'

/** What a person reads when a command ends in an error. Never a stack for a mistake of theirs or a refusal of the server. */
export function explainError(
  error: unknown,
  { words, context }: { readonly words: readonly string[]; readonly context: Context },
): string {
  const color = useColor(context, { color: !words.includes('--no-color') }, context.stderr)
  const diagnostics = diagnosticsOf(error)
  if (diagnostics !== undefined) return renderDiagnostics(diagnostics, { color })
  // A mistake of ours. The stack helps whoever mends it, but may quote data, so it is shown on request only.
  const told = words.includes('-v') || words.includes('--verbose') ? (error as Error)?.stack : undefined
  // It may quote a file or a server.
  const shown = scrub(told ?? String(error), credentialsIn(context.env))
    .split('\n')
    .map(visible)
    .join('\n')
  return `vaultwright has a bug, sorry: ${shown}\nPlease report it with the command that you ran. -v shows where it happened.\n`
}

/** Nobody knows what an error says that nobody foresaw. */
function credentialsIn(env: Context['env']): ReadonlySet<string> {
  const named = Object.entries(env).filter(([name, value]) => value !== undefined && isCredential(name, env))
  return new Set(named.map(([, value = '']) => value.trim()))
}

/** Undefined for what is neither the user's mistake nor the server's refusal, and therefore ours. */
function diagnosticsOf(error: unknown): readonly Diagnostic[] | undefined {
  if (error instanceof UserError) return error.diagnostics
  if (error instanceof VaultError)
    return [{ code: 'server', severity: 'error', message: error.message, ...hint(error) }]
  if (!(error instanceof AggregateError)) return undefined
  const parts = error.errors.map(diagnosticsOf)
  return parts.every((part) => part !== undefined) ? withLines(error.errors, parts.flat()) : undefined
}

/** Several things that a token may not do are one text to copy, under the last of them. */
function withLines(errors: readonly unknown[], diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const lines = [...new Set(errors.flatMap((error) => (error instanceof VaultError ? lineOf(error) : [])))].sort()
  const last = diagnostics.findLast(({ help }) => help?.startsWith(policiesNeed))
  if (lines.length < 2 || last === undefined) return diagnostics
  return diagnostics.map((diagnostic) => {
    if (!diagnostic.help?.startsWith(policiesNeed)) return diagnostic
    const { help: _, ...rest } = diagnostic
    return diagnostic === last ? { ...rest, help: policiesNeed, paste: lines } : rest
  })
}

const policiesNeed = "The token's policies need:"

const needed: Readonly<Record<string, readonly string[]>> = {
  GET: ['read'],
  LIST: ['list'],
  POST: ['create', 'update'],
  DELETE: ['delete'],
}

/** Of a refusal by policies; a login is refused for other reasons. */
function lineOf({ status, method, path, tokenRefused }: VaultError): string[] {
  if (status !== 403 || path.endsWith('/login') || tokenRefused) return []
  return [policyLine(path, needed[method] ?? ['read'])]
}

function hint(error: VaultError): { readonly help?: string } {
  const { status, path, errors, tokenRefused } = error
  if (errors.includes('invalid token'))
    return { help: 'The server does not know the token; it may have expired, or be of another server.' }
  if (tokenRefused)
    return {
      help: 'The server does not take the token: it may have expired, be of another server or for other networks only, or its entity may be disabled.',
    }
  if (status === 403 && path.endsWith('/login'))
    return {
      help: 'Check VAULT_AUTH_PATH and the namespace: a login at a mount that does not exist is refused like this.',
    }
  if (status === 403) return { help: `${policiesNeed} ${lineOf(error).join()}` }
  if (status === 400 && path.endsWith('/login'))
    return { help: 'The server refused the ID token; its words say which check failed.' }
  if (status === 0) return { help: 'Check VAULT_ADDR, and that the server can be reached from here.' }
  if (status === 429) return { help: 'The server limits the rate of requests; try again with a smaller --parallelism.' }
  return {}
}
