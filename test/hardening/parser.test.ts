/** What node:http could be told, or lets through, and the server does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../support/raw-client.ts'
import { root } from '../support/paths.ts'
import { startPlait } from '../support/server.ts'
import { answerOn } from '../support/http2-client.ts'
import { refusedRequests } from './refused-requests.ts'
import { ServedPython } from './serve-python.ts'

const served = new ServedPython()

function environIn(text: string): Readonly<Record<string, string | undefined>> {
  return JSON.parse(text.slice(text.indexOf('{'))) as Record<string, string>
}

test('A1, A2, B6, C7, C8: --insecure-http-parser of Node changes nothing', async (t) => {
  const folder = `${root}/test/fixtures/hardening`
  const options = { application: 'echo:application', folder, env: { NODE_OPTIONS: '--insecure-http-parser' } }
  const server = await startPlait(options)
  t.after(() => server.stop())
  const cases = refusedRequests.filter(([row]) => ['A1', 'A2', 'B6', 'C7', 'C8'].includes(row))
  assert.ok(cases.length > 8)
  for (const [row, bytes, status] of cases) {
    const client = await RawClient.connect(server.url)
    t.after(() => client.destroy())
    client.socket.write(bytes, 'latin1')
    await client.receives(/^HTTP\/1\.1 \d{3} /)
    const got = Number(client.received.slice(9, 12))
    assert.ok([status].flat().includes(got), `${row}: ${JSON.stringify(bytes)}: ${got}`)
  }
})

test('C6: two spaces in a request line are one, and become part of nothing', async () => {
  for (const line of ['GET  /p HTTP/1.1', 'GET /p  HTTP/1.1']) {
    const { text } = await served.exchange(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`)
    if (text.startsWith('HTTP/1.1 400 ')) continue
    const { PATH_INFO, QUERY_STRING, SERVER_PROTOCOL, REQUEST_METHOD } = environIn(text)
    assert.deepEqual([REQUEST_METHOD, PATH_INFO, QUERY_STRING, SERVER_PROTOCOL], ['GET', '/p', '', 'HTTP/1.1'], line)
  }
})

test('B7: trailers are no fields by HTTP/2 either', async () => {
  const client = await served.http2()
  const stream = client.session.request({ ':method': 'POST', ':path': '/' }, {
    endStream: false,
    waitForTrailers: true,
  } as object)
  stream.on('wantTrailers', () => stream.sendTrailers({ host: 'evil', 'x-forwarded-for': '6.6.6.6', 'x-a': 'b', cookie: 'c=d' }))
  stream.end('Z')
  const { status, text } = await answerOn(stream)
  assert.equal(status, 200, text)
  const environ = environIn(text)
  assert.equal(environ['HTTP_HOST'], `127.0.0.1:${served.port}`)
  for (const name of ['HTTP_X_A', 'HTTP_X_FORWARDED_FOR', 'HTTP_COOKIE']) assert.equal(environ[name], undefined, name)
})
