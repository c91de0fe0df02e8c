/** Bodies that end wrongly are never taken for whole ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { ServedPython } from './serve-python.ts'

const served = new ServedPython()
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`

/** What the application printed about the body of `name`. */
function printed(word: 'begun' | 'read', name: string): string | undefined {
  return served.logger.records.map(({ message }) => message).find((message) => message.startsWith(`${word} ${name} `))
}

test('B7: trailers are no fields, whatever their names', async () => {
  const { text } = await served.exchange(post('/', '1\r\nZ\r\n0\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\nX-A: b\r\n\r\n'), {
    enough: (all) => all.endsWith('}'),
  })
  const environ = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Record<string, string>
  assert.deepEqual(
    [environ['HTTP_HOST'], environ['HTTP_X_A'], environ['HTTP_X_FORWARDED_FOR'], environ['CONTENT_LENGTH']],
    ['a', undefined, undefined, '1'],
  )
})

for (const [row, body, how] of [
  ['B8', '5\r\nhello\r\n', 'ends without its last chunk'],
  ['B8', '5\r\nhello\r\n0\r\n', 'ends without its last CRLF'],
  ['B8', '5\r\nhel', 'ends inside a chunk'],
  ['B9', '5\r\nhello\r\nZZ\r\n', 'has a broken chunk'],
  ['B9', '5\r\nhelloXX0\r\n\r\n', 'has data that is longer than its chunk'],
] as const) {
  test(`${row}: an application that was not called yet never is, when the body ${how}`, async () => {
    const name = `buffered-${row}-${body.length}`
    const { text, closed } = await served.exchange(post(`/read?${name}`, body), { end: true })
    assert.doesNotMatch(text, /HTTP\/1\.1 2/)
    assert.equal(closed, true)
    // One that came later has been read: so would this have been.
    await served.exchange(post(`/read?after-${name}`, '1\r\nZ\r\n0\r\n\r\n'), { enough: (all) => all.includes('whole') })
    await until('the one that came later', () => printed('read', `after-${name}`))
    assert.equal(printed('read', name), undefined)
  })

  test(`${row}: read() raises OSError in an application that runs, when the body ${how}`, async (t) => {
    const name = `streamed-${row}-${body.length}`
    const client = await RawClient.connect(`http://127.0.0.1:${served.port}`)
    t.after(() => client.destroy())
    client.socket.write(post(`/stream/read?${name}`, body.slice(0, 5)))
    await until('the application reads', () => printed('begun', name))
    client.socket.end(body.slice(5))
    await until('the end of the connection', () => client.ended)
    assert.doesNotMatch(client.received, /HTTP\/1\.1 2[^]*whole/)
    assert.match((await until('the application has read', () => printed('read', name))) as string, / [0-5] failed: \w+$/)
  })
}
