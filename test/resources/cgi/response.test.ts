import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import { parseScriptHead, ScriptHeadReader } from '#src/resources/cgi/script-head.ts'
import { serve } from '../../resource/serve.ts'
import { until } from '../../support/until.ts'
import { makeScripts, serveForReal, serveScript, sh } from './scripts.ts'

/** A script that prints `output` (of printf). */
const printing = (output: string): string => sh(`printf '${output}'`)

for (const [ending, name] of [
  ['\\n', 'LF'],
  ['\\r\\n', 'CRLF'],
] as const) {
  test(`CGIScript takes the head up to the first empty line, ends of lines ${name} (H147)`, async () => {
    const head = ['Content-Type: text/plain', 'X-A: 1', 'X-A:2  ', 'Set-Cookie: a=1', 'Set-Cookie: b=2', '', ''].join(ending)
    const { port, logger } = serveScript(printing(`${head}body\\n\\nmore`))
    const response = await port.request('GET /script')
    assert.equal(response.status, 200)
    assert.equal(response.reason, 'OK')
    assert.equal(response.text, 'body\n\nmore')
    assert.equal(response.headers['x-a'], '1, 2')
    assert.equal(response.rawHeaders.filter((field) => field === 'Set-Cookie').length, 2)
    assert.deepEqual(logger.records, [])
  })
}

test('CGIScript sets the status that Status says, with its reason or the usual one (H147)', async () => {
  const response = await serveScript(printing('Status: 404 Not Here\\nContent-Type: text/x\\n\\n')).port.request('GET /script')
  assert.deepEqual([response.status, response.reason, response.headers['status']], [404, 'Not Here', undefined])
  const usual = await serveScript(printing('content-type: text/x\\nstatus: 418\\n\\n')).port.request('GET /script')
  assert.deepEqual([usual.status, usual.reason], [418, "I'm a Teapot"])
})

test('CGIScript makes 302 of Location, unless Status says something else (H147)', async () => {
  for (const location of ['/other?x', 'http://shop.example/x']) {
    const response = await serveScript(printing(`Location: ${location}\\n\\n`)).port.request('GET /script')
    assert.deepEqual([response.status, response.reason, response.headers['location']], [302, 'Found', location])
  }
  const moved = await serveScript(printing('Location: /x\\nStatus: 301\\n\\n')).port.request('GET /script')
  assert.deepEqual([moved.status, moved.headers['location']], [301, '/x'])
})

test('CGIScript drops what belongs to the server, and sets no type (H147)', async () => {
  const head = 'X: 1\\nServer: evil\\nDate: never\\nConnection: X-Y\\nKeep-Alive: 5\\nUpgrade: h2c\\n\\nbody'
  const { headers } = await serveScript(printing(head)).port.request('GET /script')
  assert.match(headers['server'] ?? '', /^Plait/)
  assert.notEqual(headers['date'], 'never')
  assert.equal(headers['upgrade'], undefined)
  assert.equal(headers['content-type'], undefined)
})

test('CGIScript takes the status line of a script that speaks HTTP itself, and frames the rest', async () => {
  const response = await serveScript(printing('HTTP/1.0 201 Made\\r\\nContent-Type: text/x\\r\\n\\r\\nx')).port.request(
    'GET /script',
  )
  assert.deepEqual([response.status, response.reason, response.text, response.complete], [201, 'Made', 'x', true])
})

for (const [what, output] of [
  ['no head', 'just text\\n'],
  ['no empty line', 'Content-Type: text/x\\n'],
  ['nothing', ''],
  ['an empty head', '\\nbody'],
  ['a line without colon', 'Content-Type: text/x\\nx\\n\\n'],
  ['a space before the colon', 'X : 1\\n\\n'],
  ['a folded line', 'X: 1\\n  2\\n\\n'],
  ['a bare CR', 'X: 1\\rSet-Cookie: a=1\\n\\n'],
  ['a NUL', 'X: 1\\000\\n\\n'],
  ['two statuses', 'Status: 200\\nStatus: 201\\n\\n'],
  ['a status that is none', 'Status: OK\\n\\n'],
  ['an interim status', 'Status: 101 Switching Protocols\\n\\n'],
  ['two lengths', 'Content-Length: 1\\nContent-Length: 1\\n\\nx'],
  ['a length that is none', 'Content-Length: -1\\n\\nx'],
  ['a transfer coding', 'Transfer-Encoding: chunked\\n\\n0\\r\\n\\r\\n'],
] as const) {
  test(`CGIScript answers for a script that writes ${what} with 502, and logs it (H147)`, async () => {
    const { port, logger } = serveScript(printing(output))
    const response = await port.request('GET /script')
    assert.equal(response.status, 502)
    assert.equal(response.headers['set-cookie'], undefined)
    const [record] = logger.of('error')
    assert.equal(record?.message, 'CGI script failed')
    assert.match(String(record?.fields['error']), /gave no valid response/)
    assert.ok(response.text.includes(String(record?.fields['id'])))
  })
}

test('CGIScript limits the head to 64 KiB', async () => {
  const script = sh('yes "X: 1234567890"')
  const { port, logger } = serveScript(script)
  assert.equal((await port.request('GET /script')).status, 502)
  assert.match(String(logger.of('error')[0]?.fields['error']), /more than 65536 bytes/)
})

test('ScriptHeadReader finds the end of the head wherever the pieces are cut', () => {
  const text = 'A: 1\r\nB: 2\n\r\nbody\n\n'
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const reader = new ScriptHeadReader()
      let body: string | undefined
      for (const piece of [text.slice(0, first), text.slice(first, second), text.slice(second)]) {
        if (body !== undefined) body += piece
        else {
          const found = reader.take(Buffer.from(piece))
          if (found === undefined) continue
          assert.deepEqual(found.head.fields, ['A', '1', 'B', '2'])
          body = found.rest.toString()
        }
      }
      assert.equal(body, 'body\n\n')
    }
  }
})

test('parseScriptHead keeps a field with an empty value', () => {
  assert.deepEqual(parseScriptHead('X:\n\n').fields, ['X', ''])
})

test('CGIScript answers HEAD with the fields alone', async () => {
  const { port } = serveScript(printing('Content-Type: text/x\\nContent-Length: 4\\n\\nbody'))
  const client = port.connect()
  const head = await client.request('HEAD /script')
  assert.deepEqual([head.status, head.headers['content-length'], head.complete], [200, '4', true])
  assert.equal((await client.request('GET /script')).text, 'body')
})

for (const status of [204, 304]) {
  test(`CGIScript sends ${status} without a body, whatever the script writes`, async () => {
    const { port } = serveScript(printing(`Status: ${status}\\nContent-Length: 4\\n\\nbody`))
    const client = port.connect()
    const response = await client.request('GET /script')
    assert.equal(response.status, status)
    assert.equal(response.headers['content-length'], status === 204 ? undefined : '4')
    assert.equal((await client.request('GET /script')).status, status)
  })
}

test('CGIScript cuts what is more than Content-Length', async () => {
  const { port } = serveScript(printing('Content-Length: 4\\n\\nbody and more'))
  const client = port.connect()
  assert.equal((await client.request('GET /script')).text, 'body')
  assert.equal((await client.request('GET /script')).text, 'body')
})

test('CGIScript cuts the connection when the body is shorter than Content-Length', async () => {
  const { port, logger } = serveScript(printing('Content-Length: 9\\n\\nbody'))
  const response = await port.request('GET /script')
  assert.deepEqual([response.text, response.complete], ['body', false])
  assert.match(String(logger.of('error')[0]?.fields['error']), /5 bytes less/)
})

test('CGIScript cuts the connection when the script is killed in the middle of its response', async () => {
  const { port, logger } = serveScript(sh('printf "X: 1\\n\\nbegun"; kill -SEGV $$'))
  const response = await port.request('GET /script')
  assert.deepEqual([response.text, response.complete], ['begun', false])
  assert.match(String(logger.of('error')[0]?.fields['error']), /SIGSEGV/)
})

test('CGIScript logs standard error and an exit code, and sends the response (H147)', async () => {
  const { port, logger, file } = serveScript(sh('echo trouble >&2; printf "X: 1\\n\\nwhole"; exit 3'))
  const response = await port.request('GET /script')
  assert.deepEqual([response.text, response.complete], ['whole', true])
  const records = logger.of('warn')
  assert.deepEqual(records[0]?.fields, { script: file, line: 'trouble' })
  assert.match(String(records[1]?.message), /exit code 3/)
})

test('CGIScript logs so many lines of standard error, and no more', async () => {
  const { port, logger } = serveScript(sh('i=0; while [ $i -lt 500 ]; do echo $i >&2; i=$((i+1)); done; printf "X: 1\\n\\n"'))
  await port.request('GET /script')
  await until('the last line', () => logger.records.length === 101)
  assert.match(String(logger.records[100]?.message), /more to standard error/)
})

test('CGIScript keeps fields that were set on the way to it', async () => {
  const folder = makeScripts({ script: printing('X-A: script\\n\\n') })
  class Root extends Resource {
    override getChild(_: string, request: { setHeader(name: string, value: string): void }): CGIScript {
      request.setHeader('X-A', 'way')
      request.setHeader('X-B', 'way')
      return new CGIScript(`${folder}/script`)
    }
  }
  const { headers } = await serve(new Root()).port.request('GET /script')
  assert.deepEqual([headers['x-a'], headers['x-b']], ['script', 'way'])
})

test('CGIScript streams: the client has the first piece while the script waits', async (t) => {
  const folder = makeScripts({
    script: sh('printf "Content-Type: text/plain\\n\\nfirst\\n"; while [ ! -e go ]; do sleep 0.02; done; echo second'),
  })
  const { connect } = await serveForReal(t, new CGIScript(`${folder}/script`))
  const client = await connect()
  client.get('/')
  await client.receives(/first/)
  assert.doesNotMatch(client.received, /second/)
  writeFileSync(`${folder}/go`, '')
  await client.receives(/second\n\r\n0\r\n\r\n$/)
})
