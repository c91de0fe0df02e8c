/** "environ Variables": what the application learns of the request. */
import assert from 'node:assert/strict'
import type { Cases } from '../case.ts'
import { threads } from '../conforming-server.ts'
import { marker } from '../host-kind.ts'

interface Environ {
  kind: string
  types: Record<string, string>
  values: Record<string, unknown>
  keyTypes: string[]
  leaked: string[]
  inProcess: string | null
}

export const environCases: Cases = {
  'environ: the CGI variables are always there, native strings all': async (server) => {
    const { types, values } = await server.report<Environ>('/app/environ')
    const always = ['REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'SERVER_NAME']
    always.push(
      'SERVER_PORT',
      'SERVER_PROTOCOL',
      'REMOTE_ADDR',
      'REMOTE_PORT',
      'SERVER_SOFTWARE',
      'REQUEST_URI',
      'wsgi.url_scheme',
    )
    for (const key of always) assert.equal(types[key], 'str', key)
    assert.equal(values['REQUEST_METHOD'], 'GET')
    assert.equal(values['SERVER_PROTOCOL'], 'HTTP/1.1')
    assert.equal(values['SERVER_NAME'], 'shop.example')
    assert.equal(values['SERVER_PORT'], String(server.port))
    assert.equal(values['REMOTE_ADDR'], '127.0.0.1')
    assert.match(String(values['REMOTE_PORT']), /^\d+$/)
    assert.equal(values['CONTENT_LENGTH'], '')
    assert.equal(values['CONTENT_TYPE'], '')
    for (const [key, type] of Object.entries(types)) if (!/^(wsgi|plait)\./.test(key)) assert.equal(type, 'str', key)
  },

  'environ: the wsgi variables have their exact types': async (server) => {
    const { types, values } = await server.report<Environ>('/app/environ')
    assert.deepEqual(values['wsgi.version'], [1, 0])
    assert.equal(types['wsgi.version'], 'tuple')
    assert.equal(values['wsgi.url_scheme'], 'http')
    const concurrency = [values['wsgi.multithread'], values['wsgi.multiprocess']]
    assert.deepStrictEqual(concurrency, server.kind.concurrency(threads, 1))
    assert.strictEqual(values['wsgi.run_once'], false)
    assert.strictEqual(values['wsgi.input_terminated'], true)
    for (const key of ['multithread', 'multiprocess', 'run_once', 'input_terminated']) assert.equal(types[`wsgi.${key}`], 'bool')
  },

  'environ: wsgi.input, wsgi.errors and wsgi.file_wrapper can what they must': async (server) => {
    assert.deepEqual(await server.report('/app/objects'), {
      errors: ['flush', 'write', 'writelines'],
      input: ['read', 'readline', 'readlines', '__iter__'],
      fileWrapper: true,
      wrapped: 'xxxxxxxxxx',
      empty: ['', '', ''],
    })
  },

  'environ: wsgi.multithread and wsgi.multiprocess say how the application runs': async (server) => {
    for (const [maxThreads, processes] of [
      [1, 1],
      [2, 2],
      [1, 2],
    ] as const) {
      await server.beside({ maxThreads, processes }, async (other) => {
        const { values } = await other.report<Environ>('/app/environ')
        const concurrency = [values['wsgi.multithread'], values['wsgi.multiprocess']]
        assert.deepStrictEqual(concurrency, server.kind.concurrency(maxThreads, processes))
      })
    }
  },

  'environ: SERVER_NAME without port and brackets, also without a Host': async (server) => {
    for (const [host, name] of Object.entries({ 'a.example': 'a.example', '[::1]:8080': '::1', '127.0.0.1:1': '127.0.0.1' })) {
      const connection = await server.connect()
      const response = await connection.send(`GET /app/environ HTTP/1.1\r\nHost: ${host}\r\n\r\n`).response()
      const { values } = JSON.parse(response.text) as Environ
      assert.deepEqual([values['SERVER_NAME'], values['SERVER_PORT']], [name, String(server.port)])
    }
    const old = await (await server.connect()).send('GET /app/environ HTTP/1.0\r\n\r\n').response()
    assert.equal((JSON.parse(old.text) as Environ).values['SERVER_NAME'], '127.0.0.1')
  },

  'environ: an absolute target is split as any other': async (server) => {
    const connection = await server.connect()
    connection.send('GET http://abs.example/app/environ/x?q=1 HTTP/1.1\r\nHost: abs.example\r\n\r\n')
    const { values } = JSON.parse((await connection.response()).text) as Environ
    assert.deepEqual([values['SCRIPT_NAME'], values['PATH_INFO'], values['QUERY_STRING']], ['/app', '/environ/x', 'q=1'])
    assert.equal(values['REQUEST_URI'], 'http://abs.example/app/environ/x?q=1')
    assert.equal(values['SERVER_NAME'], 'abs.example')
  },

  'environ: an exact dict with native string keys': async (server) => {
    const { kind, keyTypes } = await server.report<Environ>('/app/environ')
    assert.equal(kind, 'dict')
    assert.deepEqual(keyTypes, ['str'])
  },

  'environ: fresh for each request, and the application may do with it what it likes': async (server) => {
    const connection = await server.connect()
    for (let turn = 0; turn < 5; turn++) {
      const response = await connection.ask('/app/fresh').response()
      assert.deepEqual(JSON.parse(response.text), { again: false, marked: false })
    }
    const { values } = await server.report<Environ>('/app/environ')
    assert.deepEqual(values['wsgi.version'], [1, 0])
    assert.equal(values['HTTP_HOST'], 'shop.example:81')
  },

  'environ: nothing of the process environment': async (server) => {
    const { inProcess, leaked, values } = await server.report<Environ>('/app/environ')
    assert.equal(inProcess, 'secret')
    assert.deepEqual(leaked, [])
    for (const name of [marker, 'PATH', 'HOME', 'PWD']) assert.equal(name in values, false, name)
  },

  'environ: repeated headers are joined, lists by a comma and cookies by a semicolon': async (server) => {
    const headers = ['X-Two: a', 'Cookie: a=1', 'x-two: b', 'Cookie: b=2; c=3', 'X-TWO: c,d', 'X-Empty:', 'X-Spaces:  \t s p \t']
    const { values } = await server.report<Environ>('/app/environ', { headers })
    assert.equal(values['HTTP_X_TWO'], 'a,b,c,d')
    assert.equal(values['HTTP_COOKIE'], 'a=1; b=2; c=3')
    assert.equal(values['HTTP_X_EMPTY'], '')
    assert.equal(values['HTTP_X_SPACES'], 's p')
    assert.equal(values['HTTP_HOST'], 'shop.example:81')
  },

  'environ: Content-Type and Content-Length have no HTTP_ twin': async (server) => {
    const ask = { method: 'POST', headers: ['Content-Type: text/x-test; a="b"'], body: 'twelve bytes' }
    const { values } = await server.report<Environ>('/app/environ', ask)
    assert.equal(values['CONTENT_TYPE'], 'text/x-test; a="b"')
    assert.equal(values['CONTENT_LENGTH'], '12')
    assert.deepEqual(
      Object.keys(values).filter((key) => key.startsWith('HTTP_CONTENT')),
      [],
    )
  },

  'environ: header values are latin-1, bytes as text': async (server) => {
    const headers = ['X-Latin: caf\u00e9 \u00ff', `X-Utf: ${Buffer.from('€').toString('latin1')}`]
    const { values } = await server.report<Environ>('/app/environ', { headers })
    assert.equal(values['HTTP_X_LATIN'], 'caf\u00e9 \u00ff')
    assert.equal(Buffer.from(String(values['HTTP_X_UTF']), 'latin1').toString(), '€')
  },

  'environ: SCRIPT_NAME is where the application is mounted, PATH_INFO the rest, decoded once': async (server) => {
    const expected: Record<string, readonly [string, string]> = {
      '/app': ['/app', ''],
      '/app/': ['/app', '/'],
      '/app/environ/a%20b/%2Fc//d/%ff': ['/app', '/environ/a b//c//d/\u00ff'],
      '/app/environ/%2541': ['/app', '/environ/%41'],
      '/app/environ/../x/./y': ['/app', '/environ/../x/./y'],
      '/app/environ/%zz': ['/app', '/environ/%zz'],
      '/deep/e%20r/app/environ/': ['/deep/e r/app', '/environ/'],
      '/deep/e%20r/app': ['/deep/e r/app', ''],
      '/%61pp/environ': ['/app', '/environ'],
    }
    for (const [target, [scriptName, pathInfo]] of Object.entries(expected)) {
      const { values } = await server.report<Environ>(target)
      assert.deepEqual([values['SCRIPT_NAME'], values['PATH_INFO']], [scriptName, pathInfo], target)
      assert.equal(values['REQUEST_URI'], target)
    }
  },

  'environ: at the root of the tree SCRIPT_NAME is empty': async (server) => {
    for (const [target, pathInfo] of [
      ['/', '/'],
      ['//x//', '//x//'],
      ['/environ/a', '/environ/a'],
    ] as const) {
      const response = await (await server.connect(server.rootPort)).ask(target).response()
      const { values } = JSON.parse(response.text) as Environ
      assert.deepEqual([values['SCRIPT_NAME'], values['PATH_INFO']], ['', pathInfo], target)
    }
  },

  'environ: QUERY_STRING is everything after the first question mark, as sent': async (server) => {
    for (const [query, expected] of [
      ['', ''],
      ['?', ''],
      ['?a=1&b=%20+x', 'a=1&b=%20+x'],
      ['?a?b??c', 'a?b??c'],
      ['?%00', '%00'],
    ] as const) {
      const { values } = await server.report<Environ>(`/app/environ${query}`)
      assert.equal(values['QUERY_STRING'], expected)
      assert.equal(values['REQUEST_URI'], `/app/environ${query}`)
      assert.equal(values['PATH_INFO'], '/environ')
    }
  },

  'environ: the method is what the client sent': async (server) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'MKCOL']) {
      const { values } = await server.report<Environ>('/app/environ', { method })
      assert.equal(values['REQUEST_METHOD'], method)
    }
  },

  'environ: HTTP/1.0 is told apart': async (server) => {
    const { values } = await server.report<Environ>('/app/environ', { version: '1.0' })
    assert.equal(values['SERVER_PROTOCOL'], 'HTTP/1.0')
  },

  'environ: names with an underscore and Proxy are dropped, so that nobody can pretend': async (server) => {
    const headers = ['X-User: real', 'X_User: forged', 'Proxy: http://evil', 'Remote_User: root', 'Content_Type: text/evil']
    headers.push('Script_Name: /evil', 'CONTENT_LENGTH: 5', 'wsgi.input: x', '__proto__: x', 'constructor: y')
    const { values } = await server.report<Environ>('/app/environ', { headers })
    assert.equal(values['HTTP_X_USER'], 'real')
    for (const key of ['HTTP_PROXY', 'HTTP_REMOTE_USER', 'HTTP_SCRIPT_NAME', 'REMOTE_USER', 'AUTH_TYPE'])
      assert.equal(key in values, false, key)
    assert.equal(values['CONTENT_TYPE'], '')
    assert.equal(values['CONTENT_LENGTH'], '')
    assert.equal(values['SCRIPT_NAME'], '/app')
    assert.equal(values['HTTP_CONSTRUCTOR'], 'y')
    assert.match(String(values['wsgi.input']), /^<\w+>$/)
    assert.doesNotMatch(JSON.stringify(values), /evil|forged|root/)
  },

  "environ: no variable but those of the protocol, of CGI, of the headers, and Plait's own": async (server) => {
    const { types } = await server.report<Environ>('/app/environ')
    const ours =
      /^(HTTP_HOST|REQUEST_METHOD|SCRIPT_NAME|PATH_INFO|QUERY_STRING|CONTENT_(TYPE|LENGTH)|SERVER_(NAME|PORT|PROTOCOL|SOFTWARE)|REMOTE_(ADDR|PORT)|(REQUEST|RAW)_URI)$/
    const wsgi =
      /^(wsgi\.(version|url_scheme|input|errors|multithread|multiprocess|run_once|input_terminated|file_wrapper|early_hints)|plait\.client_disconnected)$/
    assert.deepEqual(
      Object.keys(types).filter((key) => !ours.test(key) && !wsgi.test(key)),
      [],
    )
  },
}
