import ipaddr from 'ipaddr.js'
import { type Diagnostic, problem } from '../core/diagnostic.ts'
import { hostOf, isOwnMachine } from './own-machine.ts'

/** As the servers' command lines read them (golang.org/x/net/http/httpproxy). */
export interface ProxySettings {
  readonly http?: string
  readonly https?: string
  /** Comma-separated hosts, domains, addresses and networks that are reached directly. */
  readonly except?: string
}

/** The proxy on the way to an address; undefined when there is none. The own machine is never reached through one. */
export function proxyFor(origin: string, { http, https, except = '' }: ProxySettings): string | undefined {
  const url = new URL(origin)
  const proxy = url.protocol === 'https:' ? https : http
  const host = hostOf(url)
  if (proxy === undefined || isOwnMachine(url)) return undefined
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const direct = except.split(',').some((rule) => matches(rule.trim().toLowerCase(), host, port))
  return direct ? undefined : withScheme(proxy)
}

/** What is wrong with a proxy's address. The address may hold a password, so it is not repeated. */
export function checkProxy(variable: string, proxy: string | undefined): Diagnostic[] {
  if (proxy === undefined) return []
  const address = withScheme(proxy)
  if (URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol)) return []
  return [problem('bad-variable', `${variable} is no address of an HTTP proxy`, 'Write http://host:port.')]
}

function withScheme(proxy: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`
}

function matches(rule: string, host: string, port: string): boolean {
  if (rule === '') return false
  if (rule === '*') return true
  if (rule.includes('/')) return inNetwork(rule, host)
  const [, name = rule, onPort] = /^(\[.+\]|[^:]+):(\d+)$/.exec(rule) ?? []
  if (onPort !== undefined && onPort !== port) return false
  const wanted = name.replace(/^\[|\]$/g, '').replace(/^\*\./, '.')
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted || host.endsWith(`.${wanted}`)
}

function inNetwork(network: string, host: string): boolean {
  if (!ipaddr.isValid(host) || !ipaddr.isValidCIDR(network)) return false
  const [address, parsed] = [ipaddr.process(host), ipaddr.parseCIDR(network)]
  return address.kind() === parsed[0].kind() && address.match(parsed as [ipaddr.IPv4, number])
}
