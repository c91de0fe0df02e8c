/** "The start_response() Callable", "Error Handling": the head of a response. */
import assert from 'node:assert/strict'
import type { Case, Cases } from '../case.ts'
import type { ErrorKind } from '../language.ts'

/** What is wrong with a head → the kind of error that its author gets. */
const refused: Readonly<Record<string, ErrorKind>> = {
  'status-bytes': 'TypeError',
  'status-int': 'TypeError',
  'status-none': 'TypeError',
  'status-short': 'ValueError',
  'status-word': 'ValueError',
  'status-newline': 'ValueError',
  'status-lf': 'ValueError',
  'status-control': 'ValueError',
  'headers-tuple': 'TypeError',
  'headers-dict': 'TypeError',
  'headers-none': 'TypeError',
  'headers-iterator': 'TypeError',
  'header-three': 'TypeError',
  'header-text': 'TypeError',
  'name-bytes': 'TypeError',
  'name-int': 'TypeError',
  'name-list': 'TypeError',
  'name-empty': 'ValueError',
  'name-space': 'ValueError',
  'name-colon': 'ValueError',
  'name-latin': 'ValueError',
  'value-bytes': 'TypeError',
  'value-int': 'TypeError',
  'value-none': 'TypeError',
  'value-crlf': 'ValueError',
  'value-lf': 'ValueError',
  'value-cr': 'ValueError',
  'value-nul': 'ValueError',
  'value-wide': 'ValueError',
}

const hopByHop = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding']
hopByHop.push('upgrade', 'case')

/** The application fails, and nothing that it gave gets out. */
function fails(head: string): Case {
  return async (server) => {
    const connection = await server.connect()
    for (const version of ['1.1', '1.0'] as const) {
      const response = await connection.ask(`/app/bad-head?head=${head}`, { version }).response()
      assert.equal(response.status, 500)
      assert.doesNotMatch(JSON.stringify([response.rawHeaders, response.text]), /evil|x-a/i)
    }
    await server.logged(/error WSGI application error before its response/)
  }
}

const everyHead: Record<string, Case> = {}
for (const [head, kind] of Object.entries(refused)) {
  everyHead[`start_response: ${head} raises an error in the application, else 500`] = async (server) => {
    const response = await server.ask(`/app/caught-head?head=${head}`)
    assert.deepEqual([response.status, response.text], [200, server.language.errors[kind]])
    await fails(head)(server)
  }
}
for (const name of hopByHop) everyHead[`start_response: hop-by-hop header ${name}: 500`] = fails(`hop-${name}`)
for (const head of ['status-interim', 'length-word', 'length-negative', 'length-twice']) {
  everyHead[`start_response: ${head}: 500`] = fails(head)
}

export const startResponseCases: Cases = {
  'start_response: status and headers arrive as given': async (server) => {
    const response = await server.ask(`/app/status?line=${encodeURIComponent('299 Two  Spaces caf\u00e9')}`)
    assert.deepEqual([response.status, response.reason], [299, 'Two  Spaces caf\u00e9'])
    const fields = response.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${response.rawHeaders[at + 1]}`] : []))
    for (const field of ['X-One: 1', 'X-One: 2', 'x-case: caf\u00e9\ttab', 'Set-Cookie: a=1'])
      assert.ok(fields.includes(field), field)
    assert.equal(response.text, 'Hello')
  },

  'start_response: Date and Server once, those of the application first': async (server) => {
    for (const [name, date, own] of [
      ['hello', /GMT$/, /Plait/],
      ['own-server', /^a day$/, /^mine$/],
    ] as const) {
      const { headers } = await server.ask(`/app/${name}`)
      assert.match(headers['date'] ?? '', date)
      assert.match(headers['server'] ?? '', own)
    }
  },

  'start_response: what the application does with its list later changes nothing': async (server) => {
    const response = await server.ask('/app/changes-later')
    assert.deepEqual([response.headers['x-kept'], response.headers['x-late']], ['1', undefined])
  },

  'start_response: a status without a reason is sent': async (server) => {
    const response = await server.ask('/app/status?line=404')
    assert.deepEqual([response.status, response.reason, response.text], [404, '', 'Hello'])
  },

  'start_response: gives the write callable, and writing comes before what is iterated': async (server) => {
    const of = server.name()
    const response = await server.ask(`/app/write-first?of=${of}`)
    assert.equal(response.text, 'one two three four five')
    assert.deepEqual(await server.noted(of, 1), ['None'])
    assert.equal((await server.ask('/app/write-only')).text, 'written')
    assert.equal((await server.ask('/app/write-text')).text, 'TypeError')
    assert.equal((await server.ask('/app/keyword-and-list')).text, 'Hello')
  },

  'start_response: a second call without exc_info raises': async (server) => {
    const of = server.name()
    const response = await server.ask(`/app/twice?of=${of}`)
    assert.equal(response.status, 500)
    assert.deepEqual(await server.noted(of, 1), [server.language.errors.RuntimeError])
  },

  'start_response: exc_info before output replaces the head': async (server) => {
    const response = await server.ask('/app/replaces')
    assert.deepEqual([response.status, response.reason, response.text], [503, 'Busy', 'sorry'])
    assert.equal(response.headers['x-new'], '1')
    assert.equal(response.headers['x-old'], undefined)
    assert.equal(response.headers['content-length'], '5')
    assert.equal((await server.ask('/app/exc-info-alone')).status, 503)
  },

  'start_response: exc_info after output raises that exception again, and the response is cut': async (server) => {
    const of = server.name()
    const connection = await server.connect()
    const response = await connection.ask(`/app/too-late?of=${of}`).response()
    assert.deepEqual([response.status, response.text, response.complete], [200, 'begun', false])
    assert.deepEqual(await server.noted(of, 1), ['again too late'])
    await server.logged(/after its response had begun[^]*KeyError: '?too late/)
  },

  'start_response: never called: 500': async (server) => {
    for (const name of ['never', 'never-empty']) {
      const response = await server.ask(`/app/${name}`)
      assert.equal(response.status, 500)
      assert.match(response.text, /Internal Server Error/)
    }
    await server.logged(/start_?response/i)
  },

  "start_response: may be called at the generator's first next": async (server) => {
    const response = await server.ask('/app/at-first-next')
    assert.deepEqual([response.status, response.text], [201, 'made'])
  },

  'start_response: empty blocks do not send the head': async (server) => {
    const response = await server.ask('/app/after-empty')
    assert.deepEqual([response.status, response.text], [202, 'changed'])
  },

  'early hints: 103 before the response, and none that is not allowed': async (server) => {
    const response = await server.ask('/app/early')
    assert.deepEqual(
      response.informational.map(({ status, rawHeaders }) => [status, rawHeaders]),
      [
        [103, ['Link', '</a.css>; rel=preload']],
        [103, ['Link', '</b.js>; rel=preload', 'X-More', '1']],
      ],
    )
    const { ValueError } = server.language.errors
    assert.deepEqual([response.status, JSON.parse(response.text)], [200, [ValueError, ValueError]])
    const old = await server.ask('/app/early', { version: '1.0' })
    assert.deepEqual([old.informational.length, old.status], [0, 200])
  },
  ...everyHead,
}
