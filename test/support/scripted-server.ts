import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the server does with a request: answer, or cut the connection. */
export type Answer =
  | {
      readonly status: number
      readonly body?: unknown
      readonly headers?: Record<string, string>
      readonly raw?: string
    }
  | 'cut'

export interface ScriptedServer {
  readonly address: string
  readonly requests: readonly ReceivedRequest[]
  stop(): Promise<void>
}

const health = { initialized: true, sealed: false, version: '1.21.0', enterprise: false, cluster_id: 'c-1' }

/** A server that answers as a function says; `sys/health` is answered by itself unless the function does. */
export async function scriptedServer(
  answer: (request: ReceivedRequest, nth: number) => Answer | undefined,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = []
  const counts = new Map<string, number>()
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      }
      requests.push(request)
      const key = `${request.method} ${request.path}`
      const nth = (counts.get(key) ?? 0) + 1
      counts.set(key, nth)
      const own = request.path.startsWith('/v1/sys/health')
        ? { status: 200, body: health }
        : { status: 404, body: { errors: [] } }
      give(response, answer(request, nth) ?? own)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { address: `http://127.0.0.1:${port}`, requests, stop }
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === 'cut') {
    response.socket?.destroy()
    return
  }
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
  response.end(answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)))
}
