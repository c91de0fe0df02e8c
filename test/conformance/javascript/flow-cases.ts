/** Back-pressure: an application is never further ahead of its client than the window. */
import assert from 'node:assert/strict'
import type { Case, Cases } from '../case.ts'

const shapes = { blocks: 'a generator', write: 'write()', later: 'an asynchronous generator' }
/** What `flows` gives: more than all the buffers on the way can hold. */
const size = 48 * 1024 * 1024

/** The application is held up while its client reads nothing, goes on when it reads, and loses no byte. */
function isHeldUp(shape: string): Case {
  return async (server) => {
    const of = server.name()
    const connection = await server.connect()
    connection.socket.pause()
    connection.ask(`/app/flows?shape=${shape}&of=${of}`, { version: '1.0' })
    await server.noted(of, 1)
    // Time for the others, which it does not hold up.
    for (let turn = 0; turn < 30; turn++) assert.equal((await server.ask('/app/hello')).text, 'Hello')
    assert.deepEqual(await server.notes(of), ['begun'])
    // Not by the conversation, which joins all that it has at each chunk.
    let received = 0
    connection.socket.removeAllListeners('data').on('data', (chunk: Buffer) => (received += chunk.length))
    connection.socket.resume()
    await connection.closed()
    assert.ok(received > size && received < size + 1000, `${received} bytes`)
    assert.deepEqual(await server.settled(of, 2), ['begun', 'done'])
  }
}

export const flowCases: Cases = Object.fromEntries(
  Object.entries(shapes).map(([shape, what]) => [`flow: a client that reads nothing holds ${what} up`, isHeldUp(shape)]),
)
