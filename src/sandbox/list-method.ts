import type { Server } from 'node:http'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * Node's HTTP parser refuses a request whose method is LIST or SCAN, which are the servers' own. So the first bytes of every
 * request are read before the parser sees them, and `LIST ` becomes a method that the parser knows and Vault does not. A
 * request begins where a connection does, and after each answer; one sent ahead of the answer before it is not translated.
 */
const stands: Readonly<Record<string, string>> = { LIST: 'PROPFIND', SCAN: 'SEARCH' }

/** The method as it was sent. */
export function sentMethod(method: string): string {
  return Object.keys(stands).find((own) => stands[own] === method) ?? method
}

const words = Object.keys(stands).map((own) => Buffer.from(`${own} `))

export interface Listener {
  readonly net: NetServer
  /** Stops listening and ends the open connections. */
  closeAll(): Promise<void>
}

/** A listening server whose connections, LIST translated, are those of `http`. */
export function acceptList(http: Server): Listener {
  const sockets = new Set<Socket>()
  const connections = new WeakMap<object, Connection>()
  http.on('request', (request, response) => {
    response.on('finish', () => connections.get(request.socket)?.expectRequest())
  })
  const net = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const connection = translated(socket)
    connections.set(connection.stream, connection)
    http.emit('connection', connection.stream)
  })
  const closeAll = () =>
    new Promise<void>((resolve) => {
      net.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { net, closeAll }
}

interface Connection {
  readonly stream: Duplex
  expectRequest(): void
}

function translated(socket: Socket): Connection {
  let begins = true
  let held = Buffer.alloc(0)
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, encoding, done) => void socket.write(chunk, encoding, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  // Requests ask their socket for it, and this is what they take for their socket.
  Object.assign(stream, { remoteAddress: socket.remoteAddress })
  socket.on('data', (received) => {
    const chunk = Buffer.concat([held, received])
    const unsure = begins && words.some((word) => beginsWith(word, chunk) && chunk.length < word.length)
    held = unsure ? chunk : Buffer.alloc(0)
    if (unsure) return
    const translation = begins ? translate(chunk) : chunk
    begins = false
    if (!stream.push(translation)) socket.pause()
  })
  socket.on('end', () => stream.push(null))
  socket.on('close', () => stream.destroy())
  socket.on('error', () => stream.destroy())
  return {
    stream,
    expectRequest: () => {
      begins = true
    },
  }
}

function translate(chunk: Buffer): Buffer {
  const word = words.find((own) => beginsWith(chunk, own))
  if (word === undefined) return chunk
  return Buffer.concat([Buffer.from(`${stands[word.toString().trim()]} `), chunk.subarray(word.length)])
}

function beginsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}
