// Memory of idle keep-alive connections, beside bare node:http.
//   node bench/idle-connections.mjs [--connections 10000]
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    serve: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const connections = Number(values.connections)

/** What both servers answer. */
const hello = 'Hello, World!'

/** Runs in a process of its own: a server that collects its garbage when asked, and says what it has. @param {string} kind */
async function serve(kind) {
  let port = 0
  if (kind === 'node') {
    const { createServer } = await import('node:http')
    const server = createServer((_, response) => response.end(hello))
    server.keepAliveTimeout = 0
    await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
    port = /** @type {import('node:net').AddressInfo} */ (server.address()).port
  } else {
    const { NodeReactor, Resource, Site } = await import('../dist/index.js')
    class Hello extends Resource {
      isLeaf = true
      render_GET() {
        return hello
      }
    }
    const reactor = new NodeReactor()
    const listening = reactor.listenTCP(0, new Site(new Hello()), { interface: '127.0.0.1' })
    await listening.ready
    void reactor.run({ installSignalHandlers: false })
    port = /** @type {{ port: number }} */ (listening.getHost()).port
  }
  process.on('message', () => {
    for (let count = 0; count < 4; count++) globalThis.gc?.()
    const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024
    const { heapUsed, external } = process.memoryUsage()
    process.send?.({ resident, heap: heapUsed + external })
  })
  process.send?.({ port })
}

/** @param {string} kind */
async function measure(kind) {
  const self = fileURLToPath(import.meta.url)
  const child = spawn(process.execPath, ['--expose-gc', self, '--serve', kind], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  /** @returns {Promise<any>} */
  const told = () => new Promise((resolve) => child.once('message', resolve))
  try {
    const { port } = await told()
    const figures = async () => {
      await delay(500)
      child.send('figures')
      return told()
    }
    // What the first ones bring about is not theirs.
    for (const socket of await open(port, 200)) socket.destroy()
    const before = await figures()
    const sockets = await open(port, connections)
    const after = await figures()
    for (const socket of sockets) socket.destroy()
    return { resident: (after.resident - before.resident) / connections, heap: (after.heap - before.heap) / connections }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Connections on which one request was answered. @param {number} port @param {number} count */
async function open(port, count) {
  /** @type {import('node:net').Socket[]} */
  const sockets = []
  for (let done = 0; done < count; done += 200) {
    const some = Array.from({ length: Math.min(200, count - done) }, () => answered(port))
    sockets.push(...(await Promise.all(some)))
  }
  return sockets
}

/** @param {number} port @returns {Promise<import('node:net').Socket>} */
function answered(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    let text = ''
    socket.setEncoding('latin1').on('data', (data) => {
      text += data
      if (text.endsWith(hello)) resolve(socket)
    })
    socket.on('error', reject)
  })
}

if (values.serve !== undefined) await serve(values.serve)
else {
  const [node, plait] = [await measure('node'), await measure('plait')]
  const more = plait.resident - node.resident
  if (values.json) process.stdout.write(`${JSON.stringify({ node, plait, more })}\n`)
  else {
    /** @param {string} name @param {{ resident: number, heap: number }} of */
    const line = (name, of) =>
      `${name}: ${(of.resident / 1024).toFixed(2)} KiB resident, ${(of.heap / 1024).toFixed(2)} KiB heap\n`
    process.stdout.write(
      `For each of ${connections} idle connections, after one request\n${line('node:http', node)}${line('plait', plait)}`,
    )
    process.stdout.write(`plait takes ${(more / 1024).toFixed(2)} KiB more\n`)
  }
}
