import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { test } from 'node:test'
import { connectionsOf } from '../support/processes.ts'
import { until } from '../support/until.ts'
import { serveFlow } from './serve-flow.ts'

/** Clients with hardly any room, so that what they do not read stays on the side of the server, whose system takes 2.6 MB of each: node:net cannot say that. */
const readers = `
import socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
clients = []
for number in range(count):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(b"GET /large?size=6000000 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    client.recv(1, socket.MSG_PEEK)
    clients.append(client)
print("asked", flush=True)
sys.stdin.read()
`

test(
  'of 150 clients that ask for a page of 6 MB and read nothing, as many stay as fit into --max-unsent; nobody else notices (E1)',
  { skip: process.platform !== 'linux', timeout: 120_000 },
  async (t) => {
    const server = await serveFlow({ options: ['--threads', '150', '--max-unsent', '40M'] })
    const clients: ChildProcess[] = []
    t.after(async () => {
      // First, since a stop waits for requests.
      for (const client of clients) client.kill('SIGKILL')
      await server.stop()
    })
    assert.equal((await server.page('/large?size=6000000')).length, 6_000_000)
    const child = spawn('python3', ['-c', readers, new URL(server.url).port, '150'], { stdio: ['pipe', 'pipe', 'inherit'] })
    clients.push(child)
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    await until(
      'all have asked',
      async () => {
        assert.equal(await server.page('/hello'), 'hello')
        return said.includes('asked')
      },
      60,
    )
    await until('those that read nothing are cut', () => /maxUnsent .* cut \d+ connections/.test(server.log()))
    // The server is ahead of each by a megabyte, the window of a response: forty of them, and a few since parts have left.
    await until('the rest fits', () => connectionsOf(server.pid) <= 60)
    assert.ok(connectionsOf(server.pid) > 20, 'no more than had to be')
    assert.equal((await server.page('/large?size=6000000')).length, 6_000_000)
  },
)
