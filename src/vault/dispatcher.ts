import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import { problem, UserError } from '../core/diagnostic.ts'
import { proxyFor } from './proxy.ts'
import type { ConnectionSettings, TlsSettings } from './settings.ts'

/**
 * The connections to one server: kept alive, at most `connections` of them, so that the pool itself is the bound on
 * concurrency. Throws UserError for certificates that cannot be read.
 */
export async function openDispatcher(
  origin: string,
  settings: ConnectionSettings,
  connections: number,
): Promise<Dispatcher> {
  const connect = { ...tlsOptions(settings.tls), timeout: Math.min(settings.timeout, 10_000) }
  const timing = { headersTimeout: settings.timeout, bodyTimeout: settings.timeout, keepAliveTimeout: 30_000 }
  const uri = proxyFor(origin, settings.proxy)
  if (uri === undefined) return new Pool(origin, { connections, connect, ...timing })
  // The whole package: its main file is what gives dispatchers the CONNECT that a tunnel begins with.
  const { ProxyAgent } = await import('undici')
  return new ProxyAgent({ uri, connections, requestTls: connect, proxyTunnel: origin.startsWith('https:'), ...timing })
}

function tlsOptions(tls: TlsSettings): Record<string, unknown> {
  const ca = [
    ...(tls.caText === undefined ? [] : [tls.caText]),
    ...(tls.caFile === undefined ? [] : [readPem(tls.caFile, 'VAULT_CACERT')]),
    ...(tls.caDirectory === undefined ? [] : readPems(tls.caDirectory)),
  ]
  return {
    ...(ca.length > 0 ? { ca } : {}),
    ...(tls.certificateFile === undefined ? {} : { cert: readPem(tls.certificateFile, 'VAULT_CLIENT_CERT') }),
    ...(tls.keyFile === undefined ? {} : { key: readPem(tls.keyFile, 'VAULT_CLIENT_KEY') }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.skipVerify ? { rejectUnauthorized: false } : {}),
  }
}

function readPem(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, variable, error)
  }
}

function readPems(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => readFileSync(join(directory, entry.name), 'utf8'))
  } catch (error) {
    throw unreadable(directory, 'VAULT_CAPATH', error)
  }
}

function unreadable(file: string, variable: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
  return new UserError([
    problem(
      'bad-certificate',
      `${variable} names ${file}, which cannot be read (${code})`,
      'Check the path and its permissions.',
    ),
  ])
}
