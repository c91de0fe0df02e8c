const host = 'Host: a\r\n'

/** A POST of these fields, with these bytes behind its head. */
export function post(fields: string, content = ''): string {
  return `POST /p HTTP/1.1\r\n${host}${fields}\r\n\r\n${content}`
}

/** A head of this request line. */
export function get(line: string, fields: string = host): string {
  return `${line}\r\n${fields}\r\n`
}

/** Row, bytes, and the statuses that are right. */
export type RefusedRequest = readonly [row: string, bytes: string, status: number | readonly number[]]

function each(row: string, bytes: readonly string[], status: number | readonly number[]): RefusedRequest[] {
  return bytes.map((one) => [row, one, status])
}

const many = (count: number, separator = '-'): string =>
  Array.from({ length: count }, (_, index) => `X${separator}${index}: a\r\n`).join('')
const chunked = (content: string): string => post('Transfer-Encoding: chunked', content)
const none = '0\r\n\r\n'

/** Where the body ends must be beyond doubt. */
const framing: readonly RefusedRequest[] = [
  ['A1', post('Content-Length: 6\r\nTransfer-Encoding: chunked', `${none}X`), 400],
  ['A1', post('Transfer-Encoding: chunked\r\nContent-Length: 6', `${none}X`), 400],
  ['A2', post('Transfer-Encoding: xchunked', none), 501],
  ['A2', post('Transfer-Encoding: chunked, identity', none), 400],
  ['A2', post('Transfer-Encoding: "chunked"', none), [400, 501]],
  ['A2', post('Transfer-Encoding: chunked;q=1', none), [400, 501]],
  ['A3', post('Transfer-Encoding: identity\r\nContent-Length: 1', 'x'), 400],
  ['A3', post('Transfer-Encoding: identity'), [400, 501]],
  ['A4', post('Transfer-Encoding: gzip, chunked', none), 501],
  ['A4', post('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked', none), [400, 501]],
  ['A5', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', none), 400],
  ['A5', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow', none), 400],
  ['A5', post('Transfer-Encoding: cow\r\nTransfer-Encoding: chunked', none), [400, 501]],
  ...each(
    'A6',
    ['\x0b', '\x0c', '\x1c', '\x85', '\xa0'].map((character) => post(`Transfer-Encoding: ${character}chunked`, none)),
    [400, 501],
  ),
  ['A7', post('Transfer-Encoding : chunked', none), 400],
  ['A8', post('Transfer-Encoding:\r\n chunked', none), 400],
  ['A9', post('Transfer-Encoding:\r\nContent-Length: 1', 'x'), 400],
  ['A10', `POST /p HTTP/1.0\r\n${host}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n${none}`, 400],
  ['A11', post('Content-Length: 1\r\nContent-Length: 2', 'xx'), 400],
  ['A11', post('Content-Length: 1\r\nContent-Length: 1', 'x'), 400],
  ['A11', post('Content-Length: 2, 2', 'xx'), 400],
  ...each(
    'A12',
    ['+2', '-1', '0x2', '1_0', '\xb2', '', '2 2', '18446744073709551618', '2.0', '2e0'].map((value) =>
      post(`Content-Length: ${value}`, 'xx'),
    ),
    400,
  ),
  ['A13', `POST /p HTTP/1.1\r\n Content-Length: 2\r\n${host}\r\nxx`, 400],
]

const chunks: readonly RefusedRequest[] = [
  ...each('B1', ['1;\nxx\r\nZ\r\n0\r\n\r\n', '1;a\rb\r\nZ\r\n0\r\n\r\n'].map(chunked), 400),
  ['B2', chunked(`1;${'x'.repeat(70_000)}`), 413],
  ['B2', chunked(`1;${'x'.repeat(64 * 1024)}\r\nZ\r\n${none}`), 413],
  ...each(
    'B3',
    [
      '0x1\r\nZ\r\n0\r\n\r\n',
      '+1\r\nZ\r\n0\r\n\r\n',
      '-1\r\nZ\r\n',
      '1_0\r\nZ',
      '\r\nZ',
      '11111111111111111\r\nZ',
      'G\r\nZ\r\n0\r\n\r\n',
    ].map(chunked),
    400,
  ),
  ['B4', chunked('1 \r\nZ\r\n0\r\n\r\n'), 400],
  ...each('B5', ['1\r\nZXX0\r\n\r\n', '1\r\nZ\r0\r\n\r\n'].map(chunked), 400),
  ['B6', chunked('1\nZ\n0\n\n'), 400],
  ...each(
    'B7',
    ['0\r\nContent-Length: 5\r\n\r\n', '0\r\nTransfer-Encoding: chunked\r\n\r\n', '0\r\nX-A\r\n\r\n'].map(chunked),
    400,
  ),
]

const heads: readonly RefusedRequest[] = [
  ['C1', 'GET /x HTTP/1.1\nHost: a\n\n', 400],
  ['C1', `GET /p HTTP/1.1\r\n${host}X: a\nY: b\r\n\r\n`, 400],
  ['C2', 'GET /x\nHost: a\r\nContent-Length: 5\r\n\r\nhello', 505],
  ['C3', 'GET /p\r\n\r\n', 505],
  ['C4', get('GET /p HTTP/2.0'), 505],
  ...each('C5', [get('GET /p HTTP/1.2'), get('GET /p HTTP/11.1'), get('GET /p http/1.1')], 400),
  ['C6', get('GET\t/p HTTP/1.1'), 400],
  ...each(
    'C7',
    ['\r', '\0', '\x01', '\x7f'].map((character) => get('GET /p HTTP/1.1', `${host}X: a${character}b\r\n`)),
    400,
  ),
  ['C8', get('GET /p HTTP/1.1', `${host}X: a\r\n b\r\n`), 400],
  ['C8', get('GET /p HTTP/1.1', `${host}X: a\r\n\tb\r\n`), 400],
  ...each(
    'C9',
    ['X-Foo : a', ': a', 'nocolon', 'X(foo): a', 'X-\x80: a'].map((field) => get('GET /p HTTP/1.1', `${host}${field}\r\n`)),
    400,
  ),
  ['C10', 'GET /p HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n', 400],
  ['C12', get('GET /p HTTP/1.1', ''), 400],
  ['C12', get('GET http://a/ HTTP/1.1', ''), 400],
  ['C13', get('GET /p HTTP/1.1', 'Host: a\r\nHost: b\r\n'), 400],
  ['C13', get('GET /p HTTP/1.1', 'Host: a\r\nhost: a\r\n'), 400],
  ...each(
    'C14',
    ['a/b@c', 'a, b', 'a:port', 'a:1:2', '[::1', 'a b', 'a?b', 'a#b', 'a\\b', '\xe9', 'user@a'].map((value) =>
      get('GET /p HTTP/1.1', `Host: ${value}\r\n`),
    ),
    400,
  ),
  ['C15', post('Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 1', 'x'), 400],
  ['C15', get('GET /p HTTP/1.1', `${host}Authorization: Basic a\r\nAuthorization: Basic b\r\n`), 400],
  ['C15', get('GET /p HTTP/1.1', `${host}Range: bytes=0-1\r\nRange: bytes=2-3\r\n`), 400],
  ...each('C16', [get('GET http://a,b/ HTTP/1.1'), get('GET http://:80/ HTTP/1.1'), get('GET http://user@a/ HTTP/1.1')], 400),
  ...each('C17', [get('GET p HTTP/1.1'), get('GET * HTTP/1.1'), get('GET a:1 HTTP/1.1'), get('GET ftp://a/ HTTP/1.1')], 400),
  ['C18', get('CONNECT a:1 HTTP/1.1'), 405],
  ['C19', get('FOO /p HTTP/1.1'), 400],
  ...each(
    'C20',
    ['\x01', '\xe9', '\0'].map((character) => get(`GET /${character} HTTP/1.1`)),
    400,
  ),
  ['C21', get('GET /a%00b HTTP/1.1'), 400],
  ['C24', get('GET /a#b?c HTTP/1.1'), 400],
  ['C25', get('GET /p HTTP/1.1', host + many(200)), 431],
  ['C25', get('GET /p HTTP/1.1', host + many(2500, '')), 431],
  ['C25', get('GET /p HTTP/1.1', host + many(3000)), 431],
  ['C25', get('GET /p HTTP/1.1', `${host}X: ${'a'.repeat(70_000)}\r\n`), 431],
  ['C25', get('GET /p HTTP/1.1', `${host}X: ${'a'.repeat(1024 * 1024)}\r\n`), 431],
  ['C25', get(`GET /${'a'.repeat(70_000)} HTTP/1.1`), [414, 431]],
  ['C25', get(`GET /${'a'.repeat(20_000)} HTTP/1.1`), 414],
  ['C26', 'PRI * HTTP/2.0\r\n\r\nSM\r\nX\r\n', 400],
  ['C26', '\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['C29', post('Expect: foo\r\nContent-Length: 1', 'x'), 417],
]

const bodies: readonly RefusedRequest[] = [
  ['E13', post('Content-Length: 1001'), 413],
  ['E13', chunked(`3e9\r\n${'x'.repeat(1001)}\r\n${none}`), 413],
]

/** What is refused on HTTP/1.1, whoever would have got it. The limit of a body is 1,000 bytes, the others are the defaults. */
export const refusedRequests: readonly RefusedRequest[] = [...framing, ...chunks, ...heads, ...bodies]
