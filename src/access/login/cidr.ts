import ipaddr from 'ipaddr.js'
import { quoteAscii } from './go-text.ts'

/** A network that tokens are bound to. */
export interface Network {
  /** As the server prints it; the path of a socket is kept in quotes, and quoted once more when it is read. */
  readonly text: string
  /** First and last address; absent for the path of a socket, which no login comes from. */
  readonly range?: { readonly family: 4 | 6; readonly first: bigint; readonly last: bigint }
}

/**
 * An address, network or address with a port, as go-sockaddr reads it; whatever else has a slash, or begins with a dot, is
 * taken for the path of a socket. Undefined where the server refuses it. Names of hosts count as refused.
 */
export function parseNetwork(text: string): Network | undefined {
  const bare = text.replace(/\/[0-9a-fA-F]{8}$/, '')
  return parseIp(bare) ?? parseIp(text) ?? socketPath(text)
}

function parseIp(text: string): Network | undefined {
  const [, host = '', port] = /^\[?([^[\]]*?)\]?(?::(\d{0,5}))?$/.exec(text) ?? []
  if (isIpv4(host) && port !== undefined && !text.startsWith('[')) return network(host, undefined, port)
  if (/^\[.*\]:\d{0,5}$/.test(text) && isIpv6(host)) return network(host, undefined, port)
  const unbracketed = text.replace(/^\[(.*:.*)\]$/, '$1')
  const [address = '', mask, ...rest] = unbracketed.split('/')
  if (rest.length > 0 || !(isIpv4(address) || isIpv6(address))) return undefined
  if (mask === undefined) return network(address)
  const bits = address.includes(':') ? 128 : 32
  return /^\d{1,3}$/.test(mask) && Number(mask) <= bits && text === unbracketed
    ? network(address, Number(mask))
    : undefined
}

/** Four decimal parts without leading zeros, as Go wants them. */
function isIpv4(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text)
}

function isIpv6(text: string): boolean {
  return !text.includes('%') && text.includes(':') && ipaddr.IPv6.isValid(text)
}

function network(address: string, mask?: number, port = '0'): Network | undefined {
  if (Number(port) > 65535) return undefined
  const ip = ipaddr.process(address)
  const [family, size] = ip.kind() === 'ipv4' ? [4 as const, 32] : [6 as const, 128]
  const mapped = family === 4 && address.includes(':')
  const bits = mask === undefined ? size : mapped ? (mask >= 96 ? mask - 96 : Math.min(mask, 32)) : mask
  const value = ip.toByteArray().reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const hosts = 2n ** BigInt(size - bits) - 1n
  const first = value & ~hosts
  const text =
    Number(port) > 0
      ? withPort(ip.toString(), family, Number(port))
      : bits === size
        ? ip.toString()
        : `${ip.toString()}/${bits}`
  return { text, range: { family, first, last: first + hosts } }
}

function withPort(address: string, family: 4 | 6, port: number): string {
  return family === 4 ? `${address}:${port}` : `[${address}]:${port}`
}

function socketPath(text: string): Network | undefined {
  const isPath = text.length > 1 && (/^[./]/.test(text) || text.includes('/'))
  return isPath ? { text: quoteAscii(quoteAscii(text)) } : undefined
}

/** Whether an address is in one of the networks (sdk/helper/cidrutil RemoteAddrIsOk). */
export function isWithin(address: string, networks: readonly string[]): boolean {
  const remote = parseNetwork(address)?.range
  if (remote === undefined) return false
  return networks.some((text) => {
    const range = parseNetwork(text)?.range
    return range?.family === remote.family && range.first <= remote.first && range.last >= remote.last
  })
}
