/** What both servers are asked, byte by byte (latin-1). Each on a connection of its own, which the last request closes. */
import { createHash } from 'node:crypto'

const close = 'Connection: close'

/** A request that closes its connection. */
function ask(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: example.test', ...fields, close, '', ''].join('\r\n')
}

function post(target: string, body: string, ...fields: string[]): string {
  return ask(`POST ${target}`, `Content-Length: ${body.length}`, ...fields) + body
}

const urlencoded = 'Content-Type: application/x-www-form-urlencoded'

/** The body of a form with a field and a file. */
function multipart(cut: string, end: string): string {
  const field = 'Content-Disposition: form-data; name="field"\r\n\r\nvalue'
  const file = 'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\ncontent'
  return [cut, field, cut, file, end].join('\r\n')
}

/** Requests whose line says all. */
const lines = [
  // The tree (B54–B68)
  'GET /',
  'HEAD /',
  'GET /nosuch',
  'GET /data',
  'HEAD /data',
  'POST /data',
  'GET /data/',
  'GET /empty',
  'GET /echo',
  'HEAD /echo',
  'GET /echo/a%20b/%2Fc//d/?x=1&y=?z#f',
  'GET /echo/../x/./y',
  'GET /echo/%e9%ff/%zz',
  'GET /%65cho/x',
  'GET //echo',
  'GET /deep/',
  'GET /deep/a%20b/x',
  'GET /deep/a%2Fb',
  'GET /deep/A%20b',
  'GET /getonly',
  'HEAD /getonly',
  'POST /getonly',
  'PUT /getonly',
  'OPTIONS /getonly',
  'FOO /getonly',
  'GET /postonly',
  'HEAD /postonly',
  'GET /nothing',
  'GET /unusual',
  'PROPFIND /unusual',
  'DELETE /unusual',
  'OPTIONS *',
  'GET *',
  'GET /boom',
  'GET /boomlater',
  'GET /later',
  'HEAD /later',
  'GET /code/204',
  'GET /code/304',
  'GET /code/299',
  'GET /code/404',
  'GET /code/418',
  'GET /fields',
  'GET /went',
  'GET /years/1999',
  'GET /years/nineteen',
  'GET /payment/at/any/depth',
  'POST /payment',
  'HEAD /forbidden',
  'GET /forbidden',
  'GET /notfound/x',
  // Files (E118–E130)
  'GET /static/',
  'GET /static',
  'GET /static?a=b',
  'GET /static/letters.txt',
  'HEAD /static/letters.txt',
  'POST /static/letters.txt',
  'GET /static/letters.txt/',
  'GET /static/empty.txt',
  'GET /static/page.html',
  'GET /static/page',
  'GET /static/unknown.zzz',
  'GET /static/noending',
  'GET /static/style.css',
  'GET /static/data.json',
  'GET /static/picture.png',
  'GET /static/packed.txt.gz',
  'GET /static/.hidden',
  'GET /static/with%20space%20&%20more.txt',
  'GET /static/caf%C3%A9.txt',
  'GET /static/caf%E9.txt',
  'GET /static/100%25.txt',
  'GET /static/%3Cb%3E.txt',
  'GET /static/sub',
  'GET /static/sub/',
  'GET /static/list/',
  'GET /static/../outside.txt',
  'GET /static/%2e%2e/outside.txt',
  'GET /static/..%2foutside.txt',
  'GET /static/%2e%2e%2foutside.txt',
  'GET /static/./letters.txt',
  'GET /static/letters.txt%00',
  'GET /static/link.txt',
  'GET /static/dangling.txt',
  'GET /static/out.txt',
  'GET /static//letters.txt',
  'GET /short/page',
  'GET /short/style',
  'GET /short/nosuch',
  // Scripts (F131, F132)
  'GET /scripts/hello',
  'GET /scripts/tree/',
  'GET /scripts/tree/child',
  'GET /scripts/tree/nosuch',
  'GET /scripts/none',
  'GET /scripts/fails',
  'GET /scripts/as-is.asis',
  'GET /scripts/leaf/a/b',
  'GET /wrapped-tree/',
  'GET /wrapped-tree/child',
  'GET /wrapped-tree/nosuch',
  'GET /wrapped-leaf/',
  'GET /wrapped-leaf/a/b',
  // The proxy (H145)
  'GET /proxy/a%20b/c?d=e%20f',
  'GET /proxy',
  'HEAD /proxy/x',
  'PUT /proxy/x',
  'GET /proxy/status/404',
  'GET /proxy/fields',
  // What requests tell (B77–B90)
  'GET /args?a=1&b=2&a=3&c=&d=%20x+y&e=%C3%A9',
  'GET /args?a&b;c=1;d=2',
  'GET /args',
  'GET /links',
  'GET /links/x/y/',
  'GET /urls/x%20y',
  'GET /cached',
  'GET /visits',
  'POST /cached',
  // CGI (H146, H147)
  'GET /cgi/environ?a=b',
  'GET /cgi/environ?word+another%20one',
  'GET /cgi/environ/path/info?a=b',
  'HEAD /cgi/environ',
  'GET /cgi/status',
  'GET /cgi/location',
  'GET /cgi/both',
  'GET /cgi/repeated',
  'GET /cgi/untyped',
  'GET /cgi/headless',
  'GET /cgi/silent',
  'GET /cgi/',
  'GET /cgi/nosuch',
  // Redirects, and trees within trees (B71, B75, H142–H144)
  'GET /redirect',
  'POST /redirect/x',
  'HEAD /redirect',
  'GET /redirect-away',
  'GET /parent',
  'GET /deferred/',
  'GET /site',
  'GET /site/a%20b/x',
  'GET /hosts/x',
  'GET /rewritten/old/a/b',
  'GET /rewritten/new/a',
  'GET /rewritten/older',
  'GET /vhm/http/other.test:8080/deep/a',
  'GET /vhm/https/other.test/wsgi/x',
  'GET /vhm/https/other.test:443/urls',
  // WSGI (A8–A46)
  'GET /wsgi',
  'GET /wsgi/',
  'GET /wsgi/a%2Fb/c%20d?x=%20y&z',
  'GET /wsgi/../x//',
  'GET /wsgi/%e9%C3%A9',
  'GET /wsgi/one',
  'HEAD /wsgi/one',
  'GET /wsgi/none',
  'GET /wsgi/length',
  'GET /wsgi/written',
  'GET /wsgi/empty',
  'GET /wsgi/many',
  'GET /wsgi/reason',
  'GET /wsgi/fails',
  'GET /wsgi/replaced',
  'GET /wsgi/cut',
  'GET /wsgi/untyped',
  'GET /wsgi/length_short',
  'frob /wsgi/',
  'GET /fallback/a/b',
  'GET /fallback/',
]

/** The others, by a name of their own. */
const others: Readonly<Record<string, string>> = {
  // Conditions and ranges (E124–E126)
  'if-modified-since, the same time': ask('GET /static/letters.txt', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT'),
  'if-modified-since, before': ask('GET /static/letters.txt', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT'),
  'if-modified-since, nonsense': ask('GET /static/letters.txt', 'If-Modified-Since: yesterday'),
  'if-unmodified-since, before': ask('GET /static/letters.txt', 'If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT'),
  'if-none-match, any': ask('GET /static/letters.txt', 'If-None-Match: *'),
  'if-match, another': ask('GET /static/letters.txt', 'If-Match: "another"'),
  'if-range, another': ask('GET /static/letters.txt', 'Range: bytes=0-1', 'If-Range: "another"'),
  'range 2-4': ask('GET /static/letters.txt', 'Range: bytes=2-4'),
  'range 20-': ask('GET /static/letters.txt', 'Range: bytes=20-'),
  'range -3': ask('GET /static/letters.txt', 'Range: bytes=-3'),
  'range -300': ask('GET /static/letters.txt', 'Range: bytes=-300'),
  'range 20-99': ask('GET /static/letters.txt', 'Range: bytes=20-99'),
  'range 26-': ask('GET /static/letters.txt', 'Range: bytes=26-'),
  'range 4-2': ask('GET /static/letters.txt', 'Range: bytes=4-2'),
  'range of nothing': ask('GET /static/letters.txt', 'Range: bytes='),
  'range in another unit': ask('GET /static/letters.txt', 'Range: lines=1-2'),
  'range with HEAD': ask('HEAD /static/letters.txt', 'Range: bytes=2-4'),
  'range of an empty file': ask('GET /static/empty.txt', 'Range: bytes=0-'),
  'two ranges': ask('GET /static/letters.txt', 'Range: bytes=0-1,24-25'),
  'two ranges, one beyond the end': ask('GET /static/letters.txt', 'Range: bytes=0-1,100-'),
  'two ranges, both beyond the end': ask('GET /static/letters.txt', 'Range: bytes=99-,100-'),
  // Conditions of resources (B84, B85)
  'if-none-match, the tag': ask('GET /cached', 'If-None-Match: "tag"'),
  'if-none-match, several tags': ask('GET /cached', 'If-None-Match: "one" "tag"'),
  'if-none-match, several tags with a comma': ask('GET /cached', 'If-None-Match: "tag", "one"'),
  'if-none-match, the weak tag': ask('GET /cached', 'If-None-Match: W/"tag"'),
  'if-none-match, another, and if-modified-since': ask(
    'GET /cached',
    'If-None-Match: "one"',
    'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT',
  ),
  'if-none-match with PUT': ask('PUT /cached', 'If-None-Match: *', 'Content-Length: 0'),
  'if-modified-since of a resource': ask('GET /cached', 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT'),
  'cookies of a resource': ask('GET /cookies', 'Cookie: a=1; b="2"; c; d=e=f', 'Cookie: a=3'),
  'user and password': ask('GET /user', 'Authorization: Basic YWxpY2U6c2U6Y3JldA=='),
  'user and password, nonsense': ask('GET /user', 'Authorization: Basic ???'),
  'a body for CGI': post('/cgi/environ', 'body', 'Content-Type: text/x-body', 'X-One: 1', 'Proxy: x'),
  'a body for the proxy': post(
    '/proxy/x',
    'body',
    'Content-Type: text/x-body',
    'X-One: 1',
    'X-One: 2',
    'X-Forwarded-For: 1.2.3.4',
  ),
  // Virtual hosts (H142)
  'a leaf of a host': ask('GET /hosts/a/b').replace('example.test', 'one.test'),
  'a host in another case, with a port': ask('GET /hosts/a').replace('example.test', 'ONE.test:99'),
  'a host with a dot at its end': ask('GET /hosts/a').replace('example.test', 'one.test.'),
  'a branch of a host': ask('GET /hosts/x').replace('example.test', 'two.test'),
  'nothing in a branch of a host': ask('GET /hosts/y').replace('example.test', 'two.test'),
  'a host that is an IPv6 address': ask('GET /hosts/x').replace('example.test', '[::1]:80'),
  // Content codings (B74)
  'gzip that nobody asks for': ask('GET /gzip'),
  'gzip among others': ask('GET /gzip', 'Accept-Encoding: deflate, gzip'),
  'gzip that is refused': ask('GET /gzip', 'Accept-Encoding: gzip;q=0'),
  'gzip that is liked less': ask('GET /gzip', 'Accept-Encoding: gzip;q=0.5, identity;q=0.1'),
  'any coding': ask('GET /gzip', 'Accept-Encoding: *'),
  'gzip of few bytes': ask('GET /gzip-short', 'Accept-Encoding: gzip'),
  'gzip with HEAD': ask('HEAD /gzip', 'Accept-Encoding: gzip'),
  'gzip with HEAD, then a request': `HEAD /gzip HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n${ask('GET /data')}`,
  'gzip of 204': ask('GET /gzip-code/204', 'Accept-Encoding: gzip'),
  'gzip of what is written later': ask('GET /gzip-later', 'Accept-Encoding: gzip'),
  // Forms (A25, B77)
  'fields of a form': post('/form?q=1&a=2', 'a=1&b=%20x+y&a=3&c=', urlencoded),
  'fields of a form in chunks': `${ask('POST /form', 'Transfer-Encoding: chunked', urlencoded)}3\r\na=1\r\n0\r\n\r\n`,
  'fields and a file': post('/form', multipart('--cut', '--cut--'), 'Content-Type: multipart/form-data; boundary=cut'),
  'a form without its end': post('/form', multipart('--cut', ''), 'Content-Type: multipart/form-data; boundary=cut'),
  'a form with another boundary': post('/form', multipart('--cut', '--cut--'), 'Content-Type: multipart/form-data; boundary=x'),
  'a form without a boundary': post('/form', multipart('--cut', '--cut--'), 'Content-Type: multipart/form-data'),
  'a form without a boundary, for an application': post(
    '/wsgi/body',
    multipart('--cut', '--cut--'),
    'Content-Type: multipart/form-data',
  ),
  'a form that is none': post('/form', '{}', 'Content-Type: application/json'),
  // Bodies
  'a form': post('/wsgi/body', 'a=1&b=%20', 'Content-Type: application/x-www-form-urlencoded'),
  'a body in lines': post('/wsgi/lines', 'one\ntwo three\nfour', 'Content-Type: text/plain'),
  'a body for a leaf that ignores it': post('/echo', 'ignored'),
  'a body in chunks': `${ask('POST /wsgi/body', 'Transfer-Encoding: chunked')}3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n`,
  'environ of a body in chunks': `${ask('POST /wsgi/', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
  'environ of a body': post('/wsgi/', 'abc', 'Content-Type: text/x-body'),
  'a body that is expected': post('/wsgi/body', 'abc', 'Expect: 100-continue'),
  'an expectation that nobody knows': ask('GET /data', 'Expect: tea'),
  // The guard (H150, H151)
  'basic, nothing shown': ask('GET /basic'),
  'basic, HEAD': ask('HEAD /basic/x'),
  'basic, right': ask('GET /basic/a/b', 'Authorization: Basic YWxpY2U6c2U6Y3JldA=='),
  'basic, right in another case': ask('GET /basic', 'Authorization: bAsIc YWxpY2U6c2U6Y3JldA=='),
  'basic, wrong': ask('GET /basic', 'Authorization: Basic YWxpY2U6d3Jvbmc='),
  'basic, another user': ask('GET /basic', 'Authorization: Basic Ym9iOnNlOmNyZXQ='),
  'basic, nothing that can be decoded': ask('GET /basic', 'Authorization: Basic ???'),
  'basic, another scheme': ask('GET /basic', 'Authorization: Bearer abc'),
  'digest, nothing shown': ask('GET /digest'),
  'digest, nonsense': ask('GET /digest', 'Authorization: Digest nonsense'),
  // Fields of requests
  'fields for environ': ask(
    'GET /wsgi/',
    'X-One: 1',
    'x-one: 2',
    'X-Padded:  \t padded \t',
    'X-Empty:',
    'Authorization: Basic YTpi',
  ),
  'cookies for environ': ask('GET /wsgi/', 'Cookie: a=1', 'Cookie: b=2'),
  'underscores and Proxy for environ': ask('GET /wsgi/', 'X_Under: 1', 'X-Under: 2', 'Proxy: http://evil.test'),
  'forwarded fields for environ': ask('GET /wsgi/', 'X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Proto: https'),
  'a folded field for environ': ask('GET /wsgi/', 'X-Fold: a\r\n  b'),
  'a host with a port for environ': ask('GET /wsgi/').replace('example.test', 'other.test:99'),
  // Connections
  'two requests in a row': `GET /data HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /nosuch')}`,
  'a body, then a request': `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc${ask('GET /data')}`,
  'HEAD, then a request': `HEAD /data HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /data')}`,
  '204, then a request': `GET /wsgi/empty HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /data')}`,
  '304, then a request': `GET /code/304 HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /data')}`,
  'a slow page, then a request': `GET /later HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /data')}`,
  'an application that fails, then a request': `GET /wsgi/fails HTTP/1.1\r\nHost: x\r\n\r\n${ask('GET /data')}`,
  'an empty line, then a request': `\r\n${ask('GET /data')}`,
  'close in a second field': ask('GET /data', 'Connection: x-other'),
  'close among other words': 'GET /data HTTP/1.1\r\nHost: x\r\nConnection: x-other, close\r\n\r\n',
  'HTTP/1.0': 'GET /data HTTP/1.0\r\n\r\n',
  'HTTP/1.0 that would stay': 'GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'HTTP/1.0 to an application': 'GET /wsgi/written HTTP/1.0\r\n\r\n',
  'an absolute target': ask('GET http://other.test/deep/'),
  // What is no HTTP
  'no host': 'GET /data HTTP/1.1\r\nConnection: close\r\n\r\n',
  'two hosts': 'GET /data HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
  'another version': 'GET /data HTTP/1.2\r\nHost: x\r\n\r\n',
  'no version': 'GET /data\r\n\r\n',
  'two spaces': 'GET  /data HTTP/1.1\r\nHost: x\r\n\r\n',
  'a space before a colon': ask('GET /data', 'X-Space : 1'),
  'a field without a colon': ask('GET /data', 'nonsense'),
  'a control character in a field': ask('GET /data', 'X-Null: a\0b'),
  'bytes outside ASCII in the target': ask('GET /data\xe9'),
  'two lengths': ask('POST /wsgi/body', 'Content-Length: 3', 'Content-Length: 3') + 'abc',
  'a length and chunks': ask('POST /wsgi/body', 'Content-Length: 3', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
  'a length with a sign': ask('POST /wsgi/body', 'Content-Length: +3') + 'abc',
  'a list of lengths': ask('POST /wsgi/body', 'Content-Length: 3, 3') + 'abc',
  'a coding that nobody knows': ask('POST /wsgi/body', 'Transfer-Encoding: gzip') + 'abc',
  'the coding identity': ask('POST /wsgi/body', 'Transfer-Encoding: identity'),
  'a chunk size that is none': ask('POST /wsgi/body', 'Transfer-Encoding: chunked') + 'x\r\nabc\r\n0\r\n\r\n',
  'a chunk size with 0x': ask('POST /wsgi/body', 'Transfer-Encoding: chunked') + '0x3\r\nabc\r\n0\r\n\r\n',
  'a field of 20 KB': ask('GET /data', `X-Long: ${'x'.repeat(20_000)}`),
}

/** Exchanges of two requests: the second follows from the fields of the first response. */
export const conversations: Readonly<Record<string, readonly [first: string, second: (fields: Fields) => string]>> = {
  'a session, again': [ask('GET /visits'), (fields) => ask('GET /visits', `Cookie: ${fields['set-cookie']?.split(';')[0]}`)],
  'a session that nobody has': [ask('GET /visits'), () => ask('GET /visits', 'Cookie: TWISTED_SESSION=x; PLAIT_SESSION=x')],
  'digest, right': [ask('GET /digest/x'), (fields) => ask('GET /digest/x', digest(fields, 'GET', '/digest/x', 'se:cret'))],
  'digest, wrong': [ask('GET /digest'), (fields) => ask('GET /digest', digest(fields, 'GET', '/digest', 'wrong'))],
  'digest, of another method': [ask('GET /digest'), (fields) => post('/digest', '', digest(fields, 'GET', '/digest', 'se:cret'))],
}

/** Lower-case names. */
type Fields = Readonly<Record<string, string>>

/** The answer to a challenge (RFC 2617, `qop=auth`, MD5). */
function digest(fields: Fields, method: string, target: string, password: string): string {
  const challenge = fields['www-authenticate'] ?? ''
  const part = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
  const [realm, nonce, opaque] = [part('realm'), part('nonce'), part('opaque')]
  const proof = md5([md5(`alice:${realm}:${password}`), nonce, '00000001', 'cafe', 'auth', md5(`${method}:${target}`)].join(':'))
  const sent = { username: 'alice', realm, nonce, uri: target, response: proof, cnonce: 'cafe', opaque }
  const quoted = Object.entries(sent).map(([name, value]) => `${name}="${value}"`)
  return `Authorization: Digest ${[...quoted, 'algorithm=MD5', 'qop=auth', 'nc=00000001'].join(', ')}`
}

/** All exchanges of one turn, by name. */
export const exchanges: Readonly<Record<string, string>> = {
  ...Object.fromEntries(lines.map((line) => [line, ask(line)])),
  ...others,
}
