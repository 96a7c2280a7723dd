/**
 * One spelling of an address, to compare what files and variables say: the host's letters small, no default port,
 * no `/` at the end. Undefined when it is no http(s) address.
 */
export function normalAddress(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '')
    return undefined
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
}

/** One spelling of a namespace: no `/` around it, empty for the root. */
export function normalNamespace(namespace: string | undefined): string {
  return (namespace ?? '').replace(/^\/+|\/+$/g, '')
}
