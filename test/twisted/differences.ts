/** The differences that are meant. Why each is there is said in docs/differences-from-twisted.md under its statement. */

/** One difference. */
export interface Difference {
  /** The row of docs/differences-from-twisted.md. */
  readonly statement: string
  /** The statuses, where they differ; what else differs then follows from that. */
  readonly status?: readonly [twisted: number | 'none', plait: number | 'none']
  /** What else differs, see `Observation`. */
  readonly aspects?: readonly string[]
  /** The exchanges in which it shows: in each of them, and in each aspect. */
  readonly at: readonly string[]
}

/** The aspects with the statuses among them. */
export function aspectsOf({ status, aspects = [] }: Difference): string[] {
  return status === undefined ? [...aspects] : [`status ${status.join(' ')}`, ...aspects]
}

/** Exchanges in which both send content of the file letters.txt, whole or in part. */
const letters = [
  'GET /static/letters.txt',
  'HEAD /static/letters.txt',
  'GET /static/./letters.txt',
  'GET /static/link.txt',
  'if-modified-since, before',
  'if-modified-since, nonsense',
  'range 2-4',
  'range 20-',
  'range -3',
  'range 20-99',
  'range 4-2',
  'range in another unit',
  'range with HEAD',
  'two ranges',
  'two ranges, one beyond the end',
]

/** Exchanges in which both send another file of text. */
const texts = [
  'GET /static/',
  'GET /static/empty.txt',
  'GET /static/page.html',
  'GET /static/style.css',
  'GET /static/with%20space%20&%20more.txt',
  'GET /static/caf%C3%A9.txt',
  'GET /static/100%25.txt',
  'GET /static/%3Cb%3E.txt',
  'GET /static/sub/',
  'GET /short/page',
  'GET /short/style',
]

/** What is no HTTP, for both. */
const refused = [
  'another version',
  'a space before a colon',
  'a field without a colon',
  'a control character in a field',
  'bytes outside ASCII in the target',
  'two lengths',
  'a length and chunks',
  'a length with a sign',
  'a list of lengths',
  'a chunk size that is none',
  'a chunk size with 0x',
]

const unauthorized = [
  'basic, nothing shown',
  'basic, wrong',
  'basic, another user',
  'basic, nothing that can be decoded',
  'basic, another scheme',
  'digest, nothing shown',
  'digest, nonsense',
  'digest, wrong',
  'digest, of another method',
]

/** Exchanges that another server answers. */
const proxied = [
  'GET /proxy',
  'GET /proxy/a%20b/c?d=e%20f',
  'PUT /proxy/x',
  'GET /proxy/status/404',
  'GET /proxy/fields',
  'a body for the proxy',
]

/** All of them, in the order of the statements. */
export const differences: readonly Difference[] = [
  // WSGI
  { statement: 'A3', status: [200, 400], at: ['frob /wsgi/'] },
  { statement: 'A3', status: [501, 400], at: ['FOO /getonly'] },
  { statement: 'A11', status: [404, 200], at: ['an absolute target'] },
  { statement: 'A12', status: [200, 400], at: ['GET /echo/a%20b/%2Fc//d/?x=1&y=?z#f'] },
  { statement: 'A14', aspects: ['body'], at: ['environ of a body'] },
  { statement: 'A17', aspects: ['body'], at: ['forwarded fields for environ'] },
  { statement: 'A18', aspects: ['body'], at: ['cookies for environ'] },
  { statement: 'A19', aspects: ['body'], at: ['underscores and Proxy for environ'] },
  { statement: 'A20', status: [200, 400], at: ['a folded field for environ'] },
  { statement: 'A22', aspects: ['body'], at: ['environ of a body in chunks'] },
  { statement: 'A25', status: [400, 200], at: ['a form without a boundary, for an application'] },
  {
    statement: 'A25',
    aspects: ['body', 'connection', 'content-length', 'content-type', 'date'],
    at: ['a form with another boundary', 'a form without a boundary'],
  },
  { statement: 'A25', status: [200, 400], at: ['a form without its end'] },
  { statement: 'A25', status: [200, 415], at: ['a form that is none'] },
  {
    statement: 'A36',
    aspects: ['content-length', 'transfer-encoding'],
    at: ['/one', '/none', '/many', '/replaced', '/reason', '/untyped'].map((page) => `GET /wsgi${page}`),
  },
  { statement: 'A36', aspects: ['content-length'], at: ['HEAD /wsgi/one'] },
  { statement: 'A37', aspects: ['rest'], at: ['GET /wsgi/length_short'] },
  {
    statement: 'A43',
    aspects: ['body', 'content-type', 'content-length', 'transfer-encoding'],
    at: ['GET /wsgi/fails', 'an application that fails, then a request'],
  },

  // The tree
  { statement: 'B60', status: [405, 400], at: ['GET *'] },
  { statement: 'B63', aspects: ['allow'], at: ['GET /postonly', 'GET /nothing'] },
  { statement: 'B63', status: [500, 405], at: ['HEAD /postonly'] },
  { statement: 'B64', status: [501, 405], at: ['PUT /getonly', 'OPTIONS /getonly', 'DELETE /unusual'] },
  { statement: 'B68', aspects: ['content-length'], at: ['GET /code/204', 'GET /code/304', '304, then a request'] },
  { statement: 'B69', aspects: ['reason'], at: ['GET /code/418', 'range 26-', 'range of an empty file'] },
  {
    statement: 'B70',
    aspects: ['content-length', 'transfer-encoding'],
    at: [
      'GET /hosts/x',
      'a host that is an IPv6 address',
      'GET /years/nineteen',
      'GET /payment/at/any/depth',
      'POST /payment',
      'GET /forbidden',
      'GET /notfound/x',
    ],
  },
  { statement: 'B70', aspects: ['content-length'], at: ['HEAD /forbidden'] },
  {
    statement: 'B71',
    aspects: ['body', 'content-length'],
    at: ['GET /redirect', 'POST /redirect/x', 'GET /redirect-away', 'GET /parent'],
  },
  { statement: 'B71', aspects: ['content-length'], at: ['HEAD /redirect'] },
  { statement: 'B71', aspects: ['location'], at: ['GET /parent'] },
  { statement: 'B72', aspects: ['body', 'content-type'], at: ['GET /boom', 'GET /scripts/fails'] },
  { statement: 'B72', aspects: ['body', 'complete'], at: ['GET /boomlater'] },
  {
    statement: 'B74',
    aspects: ['vary'],
    at: [
      'gzip that nobody asks for',
      'gzip among others',
      'gzip that is refused',
      'gzip that is liked less',
      'any coding',
      'gzip with HEAD',
      'gzip with HEAD, then a request',
      'gzip of what is written later',
    ],
  },
  {
    statement: 'B74',
    aspects: ['content-encoding', 'content-length', 'transfer-encoding'],
    at: ['gzip that is liked less', 'any coding', 'gzip of few bytes'],
  },
  { statement: 'B74', aspects: ['rest'], at: ['gzip with HEAD', 'gzip of 204', 'gzip with HEAD, then a request'] },
  { statement: 'B74', aspects: ['content-encoding'], at: ['gzip of 204'] },
  {
    statement: 'B74',
    aspects: ['2:status none 200', 'responses'],
    at: ['gzip with HEAD, then a request'],
  },
  { statement: 'B75', status: ['none', 302], aspects: ['responses'], at: ['GET /site'] },
  { statement: 'B77', aspects: ['body', 'content-length'], at: ['GET /args?a&b;c=1;d=2'] },
  {
    statement: 'B84',
    status: [200, 304],
    at: ['if-none-match, several tags with a comma', 'if-none-match, the weak tag'],
  },
  { statement: 'B85', status: [304, 200], at: ['if-none-match, another, and if-modified-since'] },
  { statement: 'B86', aspects: ['content-length'], at: ['if-modified-since, the same time'] },
  {
    statement: 'B86',
    aspects: ['content-length', 'content-type'],
    at: ['if-modified-since of a resource', 'if-none-match, the tag', 'if-none-match, several tags'],
  },
  { statement: 'B87', aspects: ['set-cookie'], at: ['GET /fields'] },
  { statement: 'B90', aspects: ['body', 'content-length'], at: ['GET /links', 'GET /links/x/y/', 'GET /urls/x%20y'] },
  { statement: 'B91', aspects: ['set-cookie'], at: ['GET /visits', 'a session that nobody has'] },

  // HTTP
  { statement: 'D102', status: [400, 200], aspects: ['end'], at: ['two spaces'] },
  { statement: 'D102', status: [400, 505], at: ['no version'] },
  { statement: 'D105', status: ['none', 200], aspects: ['responses'], at: ['a field of 20 KB'] },
  { statement: 'D106', aspects: ['body', 'content-type', 'content-length', 'connection', 'date'], at: refused },
  { statement: 'D107', status: [200, 400], at: ['no host', 'two hosts'] },
  { statement: 'D108', status: [400, 501], at: ['a coding that nobody knows'] },
  { statement: 'D108', status: [200, 501], at: ['the coding identity'] },
  { statement: 'D110', status: [200, 417], at: ['an expectation that nobody knows'] },
  {
    statement: 'D111',
    aspects: ['connection'],
    at: [
      'two requests in a row',
      'HEAD, then a request',
      '204, then a request',
      '304, then a request',
      'a slow page, then a request',
      'gzip with HEAD, then a request',
      'close in a second field',
    ],
  },
  { statement: 'D111', aspects: ['end'], at: ['close in a second field'] },
  { statement: 'D112', aspects: ['2:status 200 none', 'connection', 'responses'], at: ['a body, then a request'] },
  {
    statement: 'D115',
    aspects: ['version', 'connection'],
    at: ['HTTP/1.0', 'HTTP/1.0 to an application', 'HTTP/1.0 that would stay'],
  },

  // Files
  {
    statement: 'E119',
    aspects: ['location', 'body', 'content-type', 'content-length'],
    at: ['GET /static', 'GET /static?a=b', 'GET /static/sub'],
  },
  { statement: 'E120', status: [200, 404], at: ['GET /static/.hidden', 'GET /static/out.txt'] },
  { statement: 'E120', status: [500, 400], at: ['GET /static/letters.txt%00'] },
  {
    statement: 'E122',
    aspects: ['content-type'],
    at: [...letters, ...texts, 'GET /static/unknown.zzz', 'GET /static/noending', 'GET /static/packed.txt.gz'],
  },
  { statement: 'E122', aspects: ['content-encoding'], at: ['GET /static/packed.txt.gz'] },
  {
    statement: 'E123',
    aspects: ['etag', 'x-content-type-options'],
    at: [
      ...letters,
      ...texts,
      'GET /static/unknown.zzz',
      'GET /static/noending',
      'GET /static/packed.txt.gz',
      'GET /static/picture.png',
      'GET /static/data.json',
      'if-modified-since, the same time',
    ],
  },
  { statement: 'E124', status: [200, 412], at: ['if-unmodified-since, before', 'if-match, another'] },
  { statement: 'E124', status: [200, 304], at: ['if-none-match, any'] },
  { statement: 'E124', status: [206, 200], at: ['if-range, another'] },
  { statement: 'E125', aspects: ['accept-ranges', 'content-type', 'last-modified'], at: ['range 26-', 'range of an empty file'] },
  { statement: 'E126', status: [500, 206], at: ['range -300'] },
  { statement: 'E126', status: [500, 200], at: ['range of nothing'] },
  { statement: 'E126', status: [500, 416], at: ['two ranges, both beyond the end'] },
  { statement: 'E126', aspects: ['body', 'content-length'], at: ['two ranges'] },
  { statement: 'E126', aspects: ['body', 'content-length', 'content-range'], at: ['two ranges, one beyond the end'] },
  {
    statement: 'E128',
    aspects: ['body', 'cache-control', 'content-security-policy', 'x-content-type-options'],
    at: ['GET /static/list/'],
  },
  { statement: 'E130', aspects: ['connection', 'date'], at: ['GET /scripts/as-is.asis'] },

  // Scripts
  { statement: 'F132', aspects: ['body'], at: ['GET /scripts/none'] },

  { statement: 'F135', status: [404, 200], at: ['GET /wrapped-leaf/', 'GET /wrapped-leaf/a/b'] },

  // Virtual hosts
  { statement: 'H142', status: [404, 200], at: ['a host with a dot at its end'] },
  { statement: 'H143', aspects: ['body'], at: ['GET /vhm/https/other.test/wsgi/x'] },

  // The proxy
  { statement: 'H145', aspects: ['body', 'connection'], at: proxied },
  { statement: 'H145', aspects: ['connection'], at: ['HEAD /proxy/x'] },

  // CGI
  { statement: 'H146', aspects: ['body'], at: ['GET /cgi/environ?a=b', 'GET /cgi/environ?word+another%20one'] },
  { statement: 'H146', status: [500, 200], at: ['GET /cgi/environ/path/info?a=b'] },
  { statement: 'H147', status: [500, 502], at: ['GET /cgi/headless', 'GET /cgi/silent'] },
  { statement: 'H147', status: [302, 301], at: ['GET /cgi/both'] },
  { statement: 'H147', aspects: ['reason'], at: ['GET /cgi/status'] },

  // The guard
  { statement: 'H150', aspects: ['www-authenticate', 'body', 'content-type', 'content-length'], at: unauthorized },
  { statement: 'H150', aspects: ['www-authenticate', 'content-type', 'content-length'], at: ['basic, HEAD'] },
]
