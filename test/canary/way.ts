import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Canaries } from './canaries.ts'

/**
 * What stands between the program and a server. `through` hands on and listens; the others begin to misbehave where a
 * credential was sent, so that they have something to betray.
 */
export type Manner = 'through' | 'echo' | 'garble' | 'misshape' | 'redirect' | 'cut' | 'hold'

export interface Way {
  readonly address: string
  manner: Manner
  /** Which requests it concerns, of those with a credential; all of them where it is not set. */
  only?: RegExp | undefined
  /** How many it concerned. */
  met: number
  /** Called when a request is held. */
  onHeld?: (() => void) | undefined
  /** Cuts what is held. */
  release(): void
  stop(): Promise<void>
}

/** A way to a server on the loopback. Tokens that the server issues are adopted as canaries. */
export async function way(server: string, planted: Canaries): Promise<Way> {
  const target = new URL(server)
  const held: ServerResponse[] = []
  const made: Way = { address: '', manner: 'through', met: 0, release, stop }
  const proxy = createServer(async (incoming, response) => {
    response.on('error', () => {})
    const body = await textOf(incoming)
    const { headers } = incoming
    const credential = headers['x-vault-token'] ?? headers['private-token'] ?? (/"jwt"/.test(body) ? body : undefined)
    if (made.manner === 'through' || credential === undefined) return handOn(incoming, body, response)
    if (made.only?.test(`${incoming.method} ${incoming.url}`) === false) return handOn(incoming, body, response)
    made.met++
    if (made.manner === 'hold') {
      held.push(response)
      made.onHeld?.()
      return
    }
    betray(made.manner, { credential: String(credential), headers, body, url: incoming.url ?? '' }, response)
  })

  function handOn({ method, url, headers }: IncomingMessage, body: string, response: ServerResponse) {
    const jwt = /"jwt":"([\w-]+\.[\w-]+\.[\w-]+)"/.exec(body)?.[1]
    if (jwt !== undefined) planted.adopt('an ID token that was sent', jwt)
    const onward = forward({ host: target.hostname, port: target.port, method, path: url, headers }, async (answer) => {
      const text = await textOf(answer)
      for (const [, name, token] of text.matchAll(/"(client_token|token|accessor)":\s*"([\w.-]{20,})"/g))
        if (name !== 'accessor') planted.adopt('a token that the server issued', token as string)
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(text)
    })
    onward.on('error', () => response.destroy())
    onward.end(body)
  }

  function release() {
    for (const response of held.splice(0)) response.destroy()
  }

  async function stop() {
    release()
    proxy.closeAllConnections()
    await new Promise<void>((done) => proxy.close(() => done()))
  }

  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done))
  return Object.assign(made, { address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` })
}

interface Asked {
  readonly credential: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly url: string
}

function betray(manner: Manner, { credential, headers, body, url }: Asked, response: ServerResponse): void {
  const said = [`refused: ${credential}`, JSON.stringify(headers), body, { headers, body }, body.slice(0, 60)]
  const answer = (status: number, content: unknown, more: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...more })
      .end(typeof content === 'string' ? content : JSON.stringify(content))
  if (manner === 'echo') answer(403, { errors: said, message: said, error: `no ${credential}`, warnings: said })
  if (manner === 'garble')
    answer(200, `<p>${credential} ${JSON.stringify(headers)} ${body}`, { 'content-type': `text/${credential}` })
  if (manner === 'misshape') answer(200, misshapen(url, credential, said))
  if (manner === 'redirect')
    answer(307, '', { location: `http://127.0.0.1:1/?token=${encodeURIComponent(credential)}&${credential}` })
  if (manner === 'cut') response.destroy()
}

/** Everything where something else should be, and full of what must not be shown. */
function misshapen(url: string, credential: string, said: unknown): unknown {
  if (url.includes('/api/v4/')) return [{ key: [credential], value: { said }, id: credential, body: said }]
  const auth = { client_token: credential, policies: [credential], lease_duration: credential, metadata: said }
  return { request_id: credential, data: { keys: [credential, said], [credential]: said }, warnings: said, auth }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
