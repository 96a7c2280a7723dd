import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface HostileServer {
  readonly address: string
  readonly requests: readonly Received[]
  stop(): Promise<void>
}

/** Does with a response whatever it wants; true where it did, else the server says that there is nothing. */
export type Answer = (request: Received, response: ServerResponse) => boolean | undefined | Promise<boolean | undefined>

export const health = { initialized: true, sealed: false, version: '1.21.0', enterprise: false, cluster_id: 'c-1' }

export function isHealth({ url }: Received): boolean {
  return url.startsWith('/v1/sys/health')
}

export function json(response: ServerResponse, body: unknown, status = 200): true {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
  return true
}

/** On the loopback. It says rightly what it is, unless the function says so. */
export async function hostileServer(answer: Answer): Promise<HostileServer> {
  const requests: Received[] = []
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    response.on('error', () => {})
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', async () => {
      const { method = '', url = '', headers } = incoming
      const request = { method, url, headers, body: Buffer.concat(chunks).toString() }
      requests.push(request)
      if (await answer(request, response)) return
      if (isHealth(request)) json(response, health)
      else json(response, { errors: [] }, 404)
    })
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
