import ipaddr from 'ipaddr.js'
import { normalAddress, normalNamespace } from '../core/address.ts'
import { type Diagnostic, problem } from '../core/diagnostic.ts'
import { matchesGlob } from '../core/glob.ts'
import { hostOf, isOwnMachine } from './own-machine.ts'
import { type ConnectionSettings, shownAddress } from './settings.ts'

export interface Target {
  readonly address: string
  readonly namespace: string
  /** Who says the namespace, for people; absent where nobody does. */
  readonly namespaceFrom?: string
}

interface FileTarget {
  readonly address?: string
  readonly namespace?: string
  /** The environment's file, when absent. */
  readonly namespaceFrom?: string
}

/**
 * Where a run talks to: no request is made. A diagnostic when the file and `VAULT_ADDR` do not agree, when nobody says it,
 * or when only a file says it and that is not enough: files come from merge requests, and the credential does not.
 */
export function resolveTarget(file: FileTarget, settings: ConnectionSettings): Target | Diagnostic {
  const { address: variable } = settings
  const chosen = file.address ?? variable
  if (chosen === undefined)
    return problem(
      'no-address',
      'no address of a server is known',
      "Set VAULT_ADDR, or write `address:` in the environment's file.",
    )
  const address = normalAddress(chosen)
  if (address === undefined)
    return problem(
      'bad-address',
      `${JSON.stringify(shownAddress(chosen))} is not an address such as https://vault.example.com:8200`,
      'Write scheme, host and port, and no user or password.',
    )
  if (file.address !== undefined && variable !== undefined && normalAddress(variable) !== address) {
    return problem(
      'address-mismatch',
      `the environment's file says ${address} and VAULT_ADDR says ${shownAddress(variable)}; nothing was sent to either`,
      'A token goes only where its owner meant it to: make both agree, unset VAULT_ADDR, or choose another --environment.',
    )
  }
  const refusal = variable === undefined ? refuseFileAddress(address, settings) : undefined
  return refusal ?? { address, ...namespaceOf(file, settings) }
}

function namespaceOf(
  { namespace, namespaceFrom = "`namespace:` in the environment's file" }: FileTarget,
  settings: ConnectionSettings,
): Pick<Target, 'namespace' | 'namespaceFrom'> {
  if (namespace !== undefined) return { namespace: normalNamespace(namespace), namespaceFrom }
  const { namespace: variable, namespaceVariable: name } = settings
  return { namespace: normalNamespace(variable), ...(name === undefined ? {} : { namespaceFrom: name }) }
}

function refuseFileAddress(address: string, { addresses, credentials }: ConnectionSettings): Diagnostic | undefined {
  if (addresses !== undefined)
    return addresses.some((pattern) => fits(pattern, address)) ? undefined : notListed(address)
  const url = new URL(address)
  if (isOwnMachine(url)) return undefined
  const host = hostOf(url)
  const range = ipaddr.isValid(host) ? ipaddr.process(host).range() : 'unicast'
  if (url.protocol === 'http:' || ['linkLocal', 'unspecified', 'multicast', 'broadcast'].includes(range))
    return problem(
      'insecure-address',
      `only a file says that the server is at ${address}, and no credential is sent there on a file's word; nothing was sent`,
      `If that is meant, say so: VAULT_ADDR=${address}. Otherwise the address begins with https://.`,
    )
  if (credentials.from === 'id-token') return undefined
  return problem(
    'unconfirmed-address',
    `only a file says that your token belongs to ${address}; nothing was sent`,
    `A token goes only where its owner meant it to: set VAULT_ADDR=${address}, or list the servers of your files in VAULTWRIGHT_ADDRESSES.`,
  )
}

function notListed(address: string): Diagnostic {
  return problem(
    'address-not-allowed',
    `a file says that the server is at ${address}, which is not among VAULTWRIGHT_ADDRESSES; nothing was sent`,
    'Whoever keeps that variable has to add the address; or set VAULT_ADDR.',
  )
}

/** Scheme, host and port as they are written, or with `*` for any text without "/". */
function fits(pattern: string, address: string): boolean {
  if (!pattern.includes('*')) return normalAddress(pattern) === address
  const [wanted, given] = [pattern.replace(/\/+$/, '').split('/'), address.split('/')]
  return wanted.length === given.length && wanted.every((part, index) => matchesGlob(part, given[index] as string))
}
