import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type ClientHttp2Session } from 'node:http2'
import { test, type TestContext } from 'node:test'
import type { Request } from '#src/http/request.ts'
import type { Rendered } from '#src/resource/resource.ts'
import { until } from '../../support/until.ts'
import { listen } from '../leaf.ts'

const MB = 1024 * 1024

/** A site of one leaf, and a client of it that speaks HTTP/2. */
async function speak(t: TestContext, render: (request: Request) => Rendered | Promise<Rendered>): Promise<ClientHttp2Session> {
  const { url } = await listen(t, render, { defaultHeaders: { 'X-Frame-Options': 'DENY' } })
  const session = connect(url)
  t.after(() => session.destroy())
  return session
}

/** One exchange: fields and body of the response. */
async function exchange(
  session: ClientHttp2Session,
  fields: Record<string, string>,
  body?: Uint8Array,
): Promise<[Record<string, unknown>, string]> {
  const stream = session.request(fields, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
  let text = ''
  for await (const chunk of stream.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  return [head, text]
}

test('a resource answers over HTTP/2: default headers, cookies, conditions, HEAD', async (t) => {
  const session = await speak(t, (request) => {
    request.addCookie('a', '1')
    request.addCookie('b', '2')
    return request.setETag('"v1"') ? '' : 'page'
  })
  const [head, text] = await exchange(session, { ':path': '/' })
  assert.deepEqual([head[':status'], head['x-frame-options'], head['set-cookie'], text], [200, 'DENY', ['a=1', 'b=2'], 'page'])
  const [not, nothing] = await exchange(session, { ':path': '/', 'if-none-match': '"v1"' })
  assert.deepEqual(
    [not[':status'], not['content-type'], not['content-length'], not['etag'], nothing],
    [304, undefined, undefined, '"v1"', ''],
  )
  const [only, none] = await exchange(session, { ':path': '/', ':method': 'HEAD' })
  assert.deepEqual([only[':status'], only['content-length'], none], [200, '4', ''])
})

test('a resource reads a form over HTTP/2, and refuses a broken one', async (t) => {
  const session = await speak(t, async (request) => {
    const form = await request.form()
    return `${form.get('a')} ${form.getFile('f')?.size}`
  })
  const sent = new FormData()
  sent.append('a', 'x')
  sent.append('f', new File([Buffer.alloc(3 * MB)], 'large'))
  const encoded = new Response(sent)
  const fields = { ':path': '/', ':method': 'POST', 'content-type': encoded.headers.get('content-type') ?? '' }
  const body = Buffer.from(await encoded.arrayBuffer())
  const [head, text] = await exchange(session, fields, body)
  assert.deepEqual([head[':status'], text], [200, `x ${3 * MB}`])
  const [refused] = await exchange(session, fields, body.subarray(0, MB))
  assert.deepEqual([refused[':status'], refused['x-frame-options']], [400, 'DENY'])
})

test('a body in pieces waits for the window of a client of HTTP/2, and is closed when the client resets the stream', async (t) => {
  let made = 0
  let closed = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        made++
        yield Buffer.alloc(64 * 1024)
      }
    } finally {
      closed = true
    }
  }
  const session = await speak(t, () => endless())
  const stream = session.request({ ':path': '/' })
  stream.pause()
  let before = -1
  await until('the generator waits', () => {
    const still = made > 0 && made === before
    before = made
    return still
  })
  assert.ok(made < 100, `${made} pieces`)
  stream.close()
  await until('the generator is closed', () => closed)
})

test('a body that is shorter than announced resets the stream of HTTP/2', async (t) => {
  const session = await speak(t, (request) => {
    request.setHeader('Content-Length', '5')
    request.write('123')
    request.finish()
  })
  const stream = session.request({ ':path': '/' })
  await assert.rejects(async () => {
    for await (const _ of stream as AsyncIterable<Buffer>);
    if (stream.rstCode !== 0) throw new Error(`reset with ${stream.rstCode}`)
  })
})
