import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A way to a server on which one write can be held: before the server hears of it, or before anybody hears its answer. */
export interface PausingProxy {
  readonly address: string
  /** Resolves when the nth write from now on is held; it is never let go. */
  hold(nth: number, when: 'before' | 'after'): Promise<void>
  /** What is to happen just before the nth write from now on is handed on. */
  interrupt(nth: number, action: () => Promise<unknown>): void
  close(): Promise<void>
}

interface Trap {
  left: number
  readonly when: 'before' | 'after'
  readonly action: () => Promise<unknown>
  readonly forever: boolean
}

export async function pausingProxy(target: string): Promise<PausingProxy> {
  let trap: Trap | undefined
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // Questions and logins are sent like writes, and are none.
    const question = /\/v1\/(sys\/capabilities|auth\/token\/|auth\/.*\/login$)/.test(incoming.url ?? '')
    const write = !question && /^(POST|PUT|DELETE)$/.test(incoming.method ?? '')
    const sprung = write && trap !== undefined && --trap.left === 0 ? trap : undefined
    if (sprung !== undefined) trap = undefined
    const body = await collect(incoming)
    if (sprung?.when === 'before') {
      await sprung.action()
      if (sprung.forever) return
    }
    const answer = await forward(target, incoming, body)
    if (sprung?.when === 'after') {
      await sprung.action()
      return
    }
    outgoing.writeHead(answer.status, answer.headers).end(answer.body)
  }
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (nth, when) =>
      new Promise((held) => {
        trap = { left: nth, when, forever: true, action: async () => held() }
      }),
    interrupt(nth, action) {
      trap = { left: nth, when: 'before', forever: false, action }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function forward(target: string, incoming: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const { method, headers, url } = incoming
    const outgoing = request(`${target}${url}`, { method, headers, agent: false }, (answer) => {
      collect(answer).then(
        (content) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: content }),
        reject,
      )
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
