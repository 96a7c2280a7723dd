/**
 * A TCP proxy that holds every answer back: `latency.mjs <milliseconds> <port>`. Prints its own port. In a process of its
 * own, so that what it costs is not counted as anybody's.
 */
import { connect, createServer } from 'node:net'

const [milliseconds, port] = process.argv.slice(2).map(Number)

createServer((client) => {
  const server = connect(port, '127.0.0.1')
  client.setNoDelay(true)
  server.setNoDelay(true)
  client.pipe(server)
  server.on('data', (chunk) => setTimeout(() => client.writable && client.write(chunk), milliseconds))
  const end = () => {
    client.destroy()
    server.destroy()
  }
  for (const socket of [client, server]) socket.on('error', end).on('close', end)
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port)
})
