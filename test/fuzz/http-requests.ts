import { refusedRequests } from '../hardening/refused-requests.ts'

const valid = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a%2Fb/../c?d=%zz&e HTTP/1.1\r\nHost: a:80\r\nX-A: b\r\nCookie: c=d\r\nCookie: e=f\r\n\r\n',
  'HEAD /p HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /p HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
  'GET http://other/q HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nabc\r\n0\r\nX-T: u\r\n\r\n',
  'PUT /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nxy',
  'GET /p HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n',
  'GET /p HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx',
  'GET /p HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nRange: bytes=0-1\r\n\r\n',
]

/** What a fuzzer begins with: valid requests, and small ones that are refused. */
export const corpus: readonly Buffer[] = [
  ...valid,
  ...refusedRequests.map(([, bytes]) => bytes).filter((bytes) => bytes.length < 500),
].map((text) => Buffer.from(text, 'latin1'))
