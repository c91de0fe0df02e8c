import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { servePython } from './serve-python.ts'

const functions = `
def events(environ):
    while True:
        yield b"event\\n"
        time.sleep(0.05)

plain = application

def application(environ, start_response):
    if environ["PATH_INFO"] != "/events":
        return plain(environ, start_response)
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    return events(environ)
`

test('Pyodide: each stream has an interpreter of its own beside those of the pool', async (t) => {
  const { pool, url, text } = await servePython(t, functions, { maxThreads: 2 })
  const clients: RawClient[] = []
  for (let number = 0; number < 3; number++) {
    const client = await RawClient.connect(url)
    t.after(() => client.destroy())
    clients.push(client)
    client.get('/events')
  }
  await until('all are streams', () => pool.statistics().streams === 3, 60)
  assert.equal(await text('/hello'), 'hello')
  for (const client of clients) client.destroy()
  await until('all have left', () => pool.statistics().streams === 0)
  assert.equal(pool.statistics().working, 0)
  assert.equal(await text('/hello'), 'hello')
})
