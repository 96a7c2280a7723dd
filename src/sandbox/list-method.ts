import type { Server } from 'node:http'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/**
 * Node's HTTP parser refuses a request whose method is LIST, which is Vault's own. So the first bytes of every request are
 * read before the parser sees them, and `LIST ` becomes a method that the parser knows and Vault does not. A request
 * begins where a connection does, and after each answer; one sent ahead of the answer before it is not translated.
 */
export const listMethod = 'PROPFIND'

const word = Buffer.from('LIST ')

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
  socket.on('data', (received) => {
    const chunk = Buffer.concat([held, received])
    const unsure = begins && chunk.length < word.length && word.subarray(0, chunk.length).equals(chunk)
    held = unsure ? chunk : Buffer.alloc(0)
    if (unsure) return
    const list = begins && chunk.subarray(0, word.length).equals(word)
    begins = false
    const translation = list ? Buffer.concat([Buffer.from(`${listMethod} `), chunk.subarray(word.length)]) : chunk
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
