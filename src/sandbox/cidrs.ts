import { isIPv4, isIPv6 } from 'node:net'

/**
 * An address or network as the server stores it: IPv6 in its shortest spelling, a mask of the whole address dropped, host
 * bits kept (hashicorp/go-sockaddr). Undefined for what it does not take.
 */
export function storedAddress(text: string): string | undefined {
  const [, address, mask] = /^([^/]*?)(?:\/(\d+))?$/.exec(text) ?? []
  if (address === undefined) return socketPath(text)
  const width = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0
  if (width === 0 || Number(mask ?? 0) > width) return withPort(text) ?? socketPath(text)
  const short = width === 32 ? address : shortest(address)
  return mask === undefined || Number(mask) === width ? short : `${short}/${mask}`
}

function shortest(address: string): string {
  const embedded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return embedded ?? new URL(`http://[${address}]`).hostname.slice(1, -1)
}

function withPort(text: string): string | undefined {
  const [, address = '', port] = /^(.*):(\d+)$/.exec(text) ?? []
  return isIPv4(address) && Number(port) < 65_536 ? text : undefined
}

/** Whatever else holds a slash is the path of a UNIX socket, even `10.0.0.0/99`. */
function socketPath(text: string): string | undefined {
  return text.includes('/') ? text : undefined
}
