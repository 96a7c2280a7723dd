import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { request as sendSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { lockPrefix } from '../../src/core/lock.ts'

/** One request on its way: the n-th of the proxy, from 0. */
export interface Passing {
  readonly n: number
  readonly method: string
  /** Without `/v1/` and query. */
  readonly path: string
}

/**
 * What happens to a request. `before` it reaches the server, or `after` the server did what it asks and before anybody
 * hears of it.
 */
export type Fault =
  | { readonly fault: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly fault: 'drop before' | 'drop after' }
  | { readonly fault: 'delay'; readonly milliseconds: number }
  | { readonly fault: 'truncate' }
  | { readonly fault: 'garble'; readonly as: Garbled }
  /** Something else goes wrong at this moment, such as a process that is killed. The request goes on unless it says "drop". */
  | { readonly fault: 'event'; readonly when: 'before' | 'after'; readonly happen: Happening }

type Happening = () => Promise<'drop' | undefined>

type Garbled = 'html' | 'half json' | 'noise' | 'empty' | 'array' | 'null'

export type FaultScript = (request: Passing) => Fault | undefined

export interface FaultProxy {
  readonly address: string
  /** Every request so far. */
  readonly requests: readonly Passing[]
  /** From now on. Absent: nothing goes wrong. */
  script?: FaultScript | undefined
  /** Forgets the requests so far, so that the next is number 0. */
  reset(): void
  close(): Promise<void>
}

interface Target {
  readonly address: string
  /** The certificate to trust, PEM; with https only. */
  readonly ca?: string
}

/** A proxy in front of a server at which things go wrong as a script says. */
export async function faultProxy(target: Target): Promise<FaultProxy> {
  let requests: Passing[] = []
  const proxy = createServer((incoming, response) => {
    void pass(incoming, response).catch(() => incoming.socket.destroy())
  })
  const self: FaultProxy = {
    get address() {
      return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    },
    get requests() {
      return requests
    },
    script: undefined,
    reset: () => {
      requests = []
    },
    close: () =>
      new Promise((done) => {
        proxy.closeAllConnections()
        proxy.close(() => done())
      }),
  }
  const pass = async (incoming: IncomingMessage, response: ServerResponse) => {
    const path = (incoming.url ?? '').replace(/^\/v1\//, '').replace(/\?.*$/, '')
    const passing: Passing = { n: requests.length, method: incoming.method ?? '', path }
    requests.push(passing)
    const body = await collect(incoming)
    const fault = self.script?.(passing)
    if (fault?.fault === 'drop before') return void incoming.socket.destroy()
    if (fault?.fault === 'status') return refuse(response, fault)
    if (fault?.fault === 'delay') await wait(fault.milliseconds)
    if (fault?.fault === 'event' && fault.when === 'before' && (await fault.happen()) === 'drop') {
      incoming.socket.destroy()
      return
    }
    const answer = await forward(target, incoming, body)
    if (fault?.fault === 'drop after') return void incoming.socket.destroy()
    if (fault?.fault === 'event' && fault.when === 'after' && (await fault.happen()) === 'drop') {
      incoming.socket.destroy()
      return
    }
    reply(response, answer, fault)
  }
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  return self
}

interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

function forward(target: Target, { method, url = '', headers }: IncomingMessage, body: Buffer): Promise<Answered> {
  const { address, ca } = target
  const options = { method, headers: { ...headers, host: new URL(address).host }, ...(ca === undefined ? {} : { ca }) }
  return new Promise((resolve, reject) => {
    const outgoing = (ca === undefined ? send : sendSecurely)(`${address}${url}`, options, (answer) => {
      const whole = (body: Buffer) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body })
      collect(answer).then(whole, reject)
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

function reply(response: ServerResponse, { status, headers, body }: Answered, fault: Fault | undefined): void {
  if (fault?.fault === 'truncate') {
    // Its length promises more than comes.
    response.writeHead(status, { ...headers, 'content-length': String(body.length + 1) })
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
    return
  }
  if (fault?.fault === 'garble') {
    const garbled = garble(body, fault.as)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(garbled.length) })
    response.end(garbled)
    return
  }
  response.writeHead(status, headers)
  response.end(body)
}

function garble(body: Buffer, as: Garbled): Buffer {
  switch (as) {
    case 'html':
      return Buffer.from('<html><body>Bad gateway</body></html>')
    case 'half json':
      return body.length === 0 ? Buffer.from('{"da') : body.subarray(0, Math.floor(body.length / 2))
    case 'noise':
      return Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 97 + 131) % 256))
    case 'empty':
      return Buffer.alloc(0)
    case 'array':
      return Buffer.from('[1, 2]')
    case 'null':
      return Buffer.from('null')
  }
}

function refuse(response: ServerResponse, { status, headers = {} }: Fault & { fault: 'status' }): void {
  const body = JSON.stringify({ errors: [`the proxy says ${status}`] })
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...headers })
  response.end(body)
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whether a request changes an object, and neither the lock nor the run's own session. */
export function isChange({ method, path }: Passing): boolean {
  if (method === 'GET' || method === 'LIST') return false
  return !path.includes(lockPrefix) && !path.startsWith('sys/capabilities') && !path.startsWith('auth/token/')
}

/** Something that happens at one write, the first being 0: before the server hears of it, or after it has done it. */
export function atWrite(proxy: FaultProxy, write: number, when: 'before' | 'after', happen: Happening): void {
  let seen = 0
  proxy.script = (request) => (isChange(request) && seen++ === write ? { fault: 'event', when, happen } : undefined)
}

/** How often each of a script's faults happened, by class. */
export type FaultCounts = Map<string, number>

export interface Weights {
  /** Of a thousand requests, so many of this class. */
  readonly status?: number
  readonly drop?: number
  readonly delay?: number
  readonly truncate?: number
  readonly garble?: number
}

/** Faults by chance; the same seed gives the same faults to the same requests. */
export function seededFaults(random: () => number, weights: Weights, counts: FaultCounts): FaultScript {
  const classes = Object.entries(weights).filter(([, weight]) => weight > 0)
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T
  const make: Record<string, () => Fault> = {
    status: () => ({ fault: 'status', status: pick([429, 500, 502, 503, 504, 412]) }),
    drop: () => ({ fault: pick(['drop before', 'drop after'] as const) }),
    delay: () => ({ fault: 'delay', milliseconds: Math.floor(random() * 50) }),
    truncate: () => ({ fault: 'truncate' }),
    garble: () => ({ fault: 'garble', as: pick(['html', 'half json', 'noise', 'empty', 'array', 'null'] as const) }),
  }
  return () => {
    let at = random() * 1000
    for (const [name, weight] of classes) {
      at -= weight
      if (at >= 0) continue
      const fault = make[name]?.() as Fault
      const label = fault.fault === 'status' ? `status ${fault.status}` : fault.fault
      counts.set(label, (counts.get(label) ?? 0) + 1)
      return fault
    }
    return undefined
  }
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
