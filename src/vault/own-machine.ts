import ipaddr from 'ipaddr.js'

/** The host of an address without the brackets of an IPv6 one. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Whether an address is this machine's own, whatever it is called elsewhere: nothing sent there leaves it. */
export function isOwnMachine(url: URL): boolean {
  const host = hostOf(url)
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
}
