/** startResponse: PEP 3333, "The start_response() Callable". */
import type { Environ, StartResponse } from 'plait'
import { answer, KeyError, note, query, text, type Applications } from './registry.ts'

const bytes = (content: string): Buffer => Buffer.from(content)

const heads: Record<string, readonly [unknown, unknown]> = {
  'status-bytes': [bytes('200 OK'), text()],
  'status-int': [200, text()],
  'status-none': [null, text()],
  'status-short': ['20 OK', text()],
  'status-word': ['OK', text()],
  'status-newline': ['200 OK\r\nX-Evil: 1', text()],
  'status-lf': ['200 OK\nX-Evil: 1', text()],
  'status-control': ['200 O\0K', text()],
  'status-interim': ['101 Switching Protocols', text()],
  'headers-tuple': ['200 OK', { 0: ['X-A', '1'], length: 1 }],
  'headers-dict': ['200 OK', { 'X-A': '1' }],
  'headers-none': ['200 OK', null],
  'headers-iterator': ['200 OK', new Map([['X-A', '1']])],
  'header-three': ['200 OK', [['X-A', '1', '2']]],
  'header-text': ['200 OK', ['abc']],
  'name-bytes': ['200 OK', [[bytes('X-A'), '1']]],
  'name-int': ['200 OK', [[1, '1']]],
  'name-list': ['200 OK', [[[], '1']]],
  'name-empty': ['200 OK', [['', '1']]],
  'name-space': ['200 OK', [['X A', '1']]],
  'name-colon': ['200 OK', [['X-A: 1\r\nX-Evil', '1']]],
  'name-latin': ['200 OK', [['X-\u00e9', '1']]],
  'value-bytes': ['200 OK', [['X-A', bytes('1')]]],
  'value-int': ['200 OK', [['X-A', 1]]],
  'value-none': ['200 OK', [['X-A', null]]],
  'value-crlf': ['200 OK', [['X-A', 'b\r\nX-Evil: 1']]],
  'value-lf': ['200 OK', [['X-A', 'b\nX-Evil: 1']]],
  'value-cr': ['200 OK', [['X-A', 'b\rX-Evil: 1']]],
  'value-nul': ['200 OK', [['X-A', 'b\0']]],
  'value-wide': ['200 OK', [['X-A', '\u20ac']]],
  'length-word': ['200 OK', [['Content-Length', 'ten']]],
  'length-negative': ['200 OK', [['Content-Length', '-1']]],
  'length-twice': [
    '200 OK',
    [
      ['Content-Length', '2'],
      ['Content-Length', '3'],
    ],
  ],
  'hop-case': ['200 OK', [['cOnNeCtIoN', 'close']]],
}
const hopByHop = 'Connection Keep-Alive Proxy-Authenticate Proxy-Authorization TE Trailer Transfer-Encoding Upgrade'
for (const name of hopByHop.split(' ')) heads[`hop-${name.toLowerCase()}`] = ['200 OK', [[name, 'chunked']]]

/** Calls with what the types forbid: not all applications are checked. */
function startWith(environ: Environ, startResponse: StartResponse, error?: Error): void {
  const [status, headers] = heads[query(environ)['head'] as string] as readonly [string, [string, string][]]
  startResponse(status, headers, error)
}

export const startApps: Applications = {
  /** Lets the error pass. */
  'bad-head'(environ, startResponse) {
    startWith(environ, startResponse)
    return ['ok']
  },

  /** Reports the error. */
  'caught-head'(environ, startResponse) {
    startResponse('200 OK', text())
    try {
      startWith(environ, startResponse, new KeyError('first'))
    } catch (error) {
      return [(error as Error).name]
    }
    return ['none']
  },

  hello(_environ, startResponse) {
    startResponse('200 OK', text())
    return ['Hello']
  },

  status(environ, startResponse) {
    startResponse(query(environ)['line'] as string, [
      ['X-One', '1'],
      ['X-One', '2'],
      ['x-case', 'caf\u00e9\ttab'],
      ['Set-Cookie', 'a=1'],
    ])
    return ['Hello']
  },

  /** The third argument may be left out, or be nothing. */
  'keyword-and-list'(environ, startResponse) {
    startResponse('200 OK', text(), 'null' in query(environ) ? null : undefined)
    return ['Hello']
  },

  'write-first'(environ, startResponse) {
    const write = startResponse('200 OK', text())
    const gave: unknown = write(bytes('one '))
    write(bytes(''))
    write(bytes('two '))
    const rest = function* (): Generator<Buffer> {
      yield bytes('three ')
      write(bytes('four '))
      yield bytes('five')
      note(environ, gave === undefined ? 'None' : typeof gave)
    }
    return rest()
  },

  'write-only'(_environ, startResponse) {
    startResponse('200 OK', text())(bytes('written'))
    return []
  },

  /** Text may be written; what is neither text nor bytes may not. */
  'write-text'(_environ, startResponse) {
    const write = startResponse('200 OK', text())
    try {
      write(5 as never)
    } catch (error) {
      return [(error as Error).name]
    }
    return ['none']
  },

  twice(environ, startResponse) {
    startResponse('200 OK', text())
    try {
      startResponse('404 Not Found', text())
    } catch (error) {
      note(environ, (error as Error).name)
      throw error
    }
    return ['twice']
  },

  replaces(_environ, startResponse) {
    startResponse('200 OK', [
      ['X-Old', '1'],
      ['Content-Length', '1000'],
    ])
    startResponse('503 Busy', [['X-New', '1']], new KeyError('found out late'))
    return ['sorry']
  },

  /** Allowed as the first call as well. */
  'exc-info-alone'(_environ, startResponse) {
    startResponse('503 Busy', text(), new KeyError('early'))
    return ['sorry']
  },

  'too-late'(environ, startResponse) {
    startResponse('200 OK', text())(bytes('begun'))
    const problem = new KeyError('too late')
    try {
      startResponse('500 Error', text(), problem)
    } catch (error) {
      if (error === problem) note(environ, `again ${problem.message}`)
      throw error
    }
    return ['never']
  },

  never: () => ['body'],

  'never-empty': () => [],

  /** PEP 3333: "the start_response callable must not be required before the first iteration". */
  *'at-first-next'(_environ, startResponse) {
    startResponse('201 Created', text())
    yield 'made'
  },

  /** The head waits for the first block that is not empty, so it may still change. */
  *'after-empty'(_environ, startResponse) {
    startResponse('200 OK', text())
    yield ''
    startResponse('202 Accepted', text(), new KeyError('changed'))
    yield ''
    yield 'changed'
  },

  early(environ, startResponse) {
    environ['wsgi.early_hints']([['Link', '</a.css>; rel=preload']])
    environ['wsgi.early_hints']([
      ['Link', '</b.js>; rel=preload'],
      ['X-More', '1'],
    ])
    const bad: string[] = []
    for (const header of [
      ['X-A', '1\r\nX-Evil: 1'],
      ['Connection', 'close'],
    ] as const) {
      try {
        environ['wsgi.early_hints']([header])
      } catch (error) {
        bad.push((error as Error).name)
      }
    }
    return answer(startResponse, bad)
  },

  'own-server'(_environ, startResponse) {
    startResponse('200 OK', [
      ['date', 'a day'],
      ['SERVER', 'mine'],
    ])
    return ['Hello']
  },

  'changes-later'(_environ, startResponse) {
    const headers: [string, string][] = [['X-Kept', '1']]
    startResponse('200 OK', headers)
    headers.splice(0, 1, ['X-Late', '1'])
    return ['Hello']
  },
}
