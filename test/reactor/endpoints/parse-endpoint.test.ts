import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlaitError } from '#src/errors.ts'
import { quoteStringArgument } from '#src/reactor/endpoints/endpoint-words.ts'
import type { TLSEndpoint } from '#src/reactor/endpoints/listen-endpoint.ts'
import { parseEndpoint } from '#src/reactor/endpoints/parse-endpoint.ts'

const tcp = (port: number, on?: string, backlog?: number): object => ({ kind: 'tcp', port, interface: on, backlog })

test('parseEndpoint reads plain forms', () => {
  assert.deepEqual(parseEndpoint('8080'), tcp(8080))
  assert.deepEqual(parseEndpoint('127.0.0.1:8080'), tcp(8080, '127.0.0.1'))
  assert.deepEqual(parseEndpoint('localhost:0'), tcp(0, 'localhost'))
  assert.deepEqual(parseEndpoint('[::1]:8080'), tcp(8080, '::1'))
})

test("parseEndpoint reads Twisted's strings, positional and named", () => {
  assert.deepEqual(parseEndpoint('tcp:8080'), tcp(8080))
  assert.deepEqual(parseEndpoint('tcp:8080:interface=127.0.0.1'), tcp(8080, '127.0.0.1'))
  assert.deepEqual(parseEndpoint('tcp:port=8080:backlog=5'), tcp(8080, undefined, 5))
  assert.deepEqual(parseEndpoint('tcp:8080:127.0.0.1:9'), tcp(8080, '127.0.0.1', 9))
  assert.deepEqual(parseEndpoint(String.raw`tcp:8080:interface=\:\:1`), tcp(8080, '::1'))
  assert.deepEqual(parseEndpoint('unix:/run/app.sock:mode=660'), {
    kind: 'unix',
    path: '/run/app.sock',
    mode: 0o660,
    backlog: undefined,
  })
  assert.deepEqual(parseEndpoint(String.raw`unix:/a\:b\\c`), {
    kind: 'unix',
    path: String.raw`/a:b\c`,
    mode: undefined,
    backlog: undefined,
  })
})

test('parseEndpoint reads ssl: and tls:', () => {
  assert.deepEqual(parseEndpoint('ssl:443'), {
    kind: 'ssl',
    port: 443,
    interface: undefined,
    backlog: undefined,
    certificates: { certificates: [{ privateKey: 'server.pem' }] },
  })
  assert.deepEqual(
    parseEndpoint('ssl:443:privateKey=key.pem:certKey=c.pem:extraCertChain=i.pem:interface=127.0.0.1:minVersion=TLSv1.3'),
    {
      kind: 'ssl',
      port: 443,
      interface: '127.0.0.1',
      backlog: undefined,
      certificates: {
        certificates: [{ privateKey: 'key.pem', certKey: 'c.pem', extraCertChain: 'i.pem' }],
        minVersion: 'TLSv1.3',
      },
    },
  )
  assert.deepEqual(parseEndpoint('ssl:443:key.pem:c.pem:clientCA=ca.pem:requestClientCert=optional'), {
    kind: 'ssl',
    port: 443,
    interface: undefined,
    backlog: undefined,
    certificates: {
      certificates: [{ privateKey: 'key.pem', certKey: 'c.pem' }],
      clientCA: 'ca.pem',
      requestClientCert: 'optional',
    },
  })
  assert.deepEqual(parseEndpoint('tls:/etc/certificates'), {
    kind: 'tls',
    port: 443,
    interface: undefined,
    backlog: undefined,
    certificates: { directory: '/etc/certificates' },
  })
  assert.deepEqual(parseEndpoint('tls:/c:8443:7:127.0.0.1'), {
    kind: 'tls',
    port: 8443,
    interface: '127.0.0.1',
    backlog: 7,
    certificates: { directory: '/c' },
  })
})

test('parseEndpoint puts TLS on sockets that others opened', () => {
  const certificates = { certificates: [{ privateKey: 'server.pem' }] }
  const rest = { kind: 'ssl', port: 0, interface: undefined, backlog: undefined, certificates }
  const systemd = { kind: 'systemd', domain: undefined }
  assert.deepEqual(parseEndpoint('ssl:systemd=web'), { ...rest, inherited: { ...systemd, index: undefined, name: 'web' } })
  assert.deepEqual(parseEndpoint('ssl:systemd=1'), { ...rest, inherited: { ...systemd, index: 1, name: undefined } })
  assert.deepEqual(parseEndpoint('ssl:fd=3'), { ...rest, inherited: { kind: 'fd', fd: 3, backlog: undefined } })
  assert.deepEqual(parseEndpoint('tls:/c:fd=3'), {
    ...rest,
    kind: 'tls',
    certificates: { directory: '/c' },
    inherited: { kind: 'fd', fd: 3, backlog: undefined },
  })
})

test('parseEndpoint reads sockets that others opened', () => {
  assert.deepEqual(parseEndpoint('fd:3'), { kind: 'fd', fd: 3, backlog: undefined })
  assert.deepEqual(parseEndpoint('systemd:domain=INET:index=0'), { kind: 'systemd', domain: 'INET', index: 0, name: undefined })
  assert.deepEqual(parseEndpoint('systemd:UNIX:name=web'), { kind: 'systemd', domain: 'UNIX', index: undefined, name: 'web' })
  assert.deepEqual(parseEndpoint('systemd:name=web'), { kind: 'systemd', domain: undefined, index: undefined, name: 'web' })
})

test('parseEndpoint reads haproxy: in front of every other', () => {
  const proxied = (endpoint: object, trust?: string[]): object => ({ kind: 'haproxy', trust, endpoint })
  assert.deepEqual(parseEndpoint('haproxy:tcp:8080'), proxied(tcp(8080)))
  assert.deepEqual(parseEndpoint('haproxy:8080'), proxied(tcp(8080)))
  assert.deepEqual(parseEndpoint('haproxy:127.0.0.1:8080'), proxied(tcp(8080, '127.0.0.1')))
  assert.deepEqual(parseEndpoint('haproxy:trust=10.0.0.0/8,127.0.0.1:tcp:8080'), proxied(tcp(8080), ['10.0.0.0/8', '127.0.0.1']))
  assert.deepEqual(parseEndpoint(String.raw`haproxy:trust=fd00\:\:/8:[::1]:80`), proxied(tcp(80, '::1'), ['fd00::/8']))
  assert.deepEqual(parseEndpoint(String.raw`haproxy:unix:/a\:b`), proxied(parseEndpoint(String.raw`unix:/a\:b`)))
  assert.deepEqual(parseEndpoint('haproxy:ssl:443'), proxied(parseEndpoint('ssl:443')))
})

test('parseEndpoint keeps what quoteStringArgument quoted, whatever it is (Twisted: quoteStringArgument)', () => {
  const texts = fc.string({ unit: 'binary', minLength: 1 })
  fc.assert(
    fc.property(texts, texts, fc.boolean(), (one, other, named) => {
      const [first, second] = [one, other].map(quoteStringArgument)
      const text = named ? `ssl:1:certKey=${second}:privateKey=${first}` : `ssl:1:${first}:${second}`
      const { certificates } = parseEndpoint(text) as TLSEndpoint
      assert.deepEqual(certificates.certificates, [{ privateKey: one, certKey: other }])
    }),
  )
})

test('parseEndpoint gives an endpoint or a PlaitError of one line, whatever it reads', () => {
  const kinds = fc.constantFrom(
    '',
    'tcp',
    'tcp6',
    'unix',
    'ssl',
    'tls',
    'fd',
    'systemd',
    'haproxy',
    'stdio',
    'trust=',
    'port=',
    'index=0',
    '7',
  )
  const pieces = fc.oneof(kinds, fc.constantFrom(':', ':', '=', '\\', '[', ']', '/'), fc.string({ maxLength: 4 }))
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
      try {
        assert.equal(typeof parseEndpoint(parts.join('')).kind, 'string')
      } catch (error) {
        assert.ok(error instanceof PlaitError, String(error))
        assert.equal(error.code, 'PLAIT_CONFIGURATION')
        assert.doesNotMatch(error.message, /\n/)
      }
    }),
    { numRuns: 2000 },
  )
})

test('parseEndpoint says what is wrong', () => {
  const wrong: readonly [string, RegExp][] = [
    ['', /there is no type/],
    ['foo', /there is no type "foo"/],
    ['99999', /99999 is no port/],
    ['tcp:x', /"x" is no number/],
    ['tcp', /the port is missing/],
    ['tcp:8080:colour=red', /"colour" is not one of port, interface, backlog/],
    ['tcp:8080:1:2:3', /one value too many/],
    ['tcp:8080:port=1', /port is given twice/],
    ['unix', /the path is missing/],
    ['unix:/a:mode=9', /no mode like 660/],
    ['unix:/a:mode=4755', /no mode like 660/],
    [String.raw`unix:/a\ `.trim(), /nothing follows the backslash/],
    ['ssl', /the port is missing/],
    ['ssl:443:sslmethod=TLSv1_2_METHOD', /say minVersion=TLSv1\.2/],
    ['ssl:443:minVersion=TLSv1', /minVersion is "TLSv1", and must be TLSv1\.2 or TLSv1\.3/],
    ['ssl:443:requestClientCert=optional', /needs clientCA=/],
    ['ssl:443:systemd=web', /one of them is enough/],
    ['ssl:fd=3:systemd=web', /one of them is enough/],
    ['ssl:fd=3:interface=127.0.0.1', /one of them is enough/],
    ['tls', /the directory of the certificates is missing/],
    ['systemd:domain=INET', /say index= or name=, and not both/],
    ['systemd:domain=INET:index=0:name=web', /say index= or name=, and not both/],
    ['systemd:domain=IPX:index=0', /domain is "IPX"/],
    ['fd', /the number of the file descriptor is missing/],
    ['fd:three', /"three" is no number/],
    ['stdio:', /standard input and output are one connection/],
    ['haproxy', /the endpoint behind haproxy: is missing/],
    ['haproxy:', /the endpoint behind haproxy: is missing/],
    ['haproxy:trust=10.0.0.0/8', /the endpoint behind haproxy: is missing/],
    ['haproxy:trust=:tcp:80', /trust= is a list of addresses/],
    ['haproxy:haproxy:tcp:80', /one haproxy: is enough/],
    ['haproxy:foo:80:x', /there is no type "foo"/],
    ['constructor', /there is no type "constructor"/],
  ]
  for (const [text, message] of wrong) assert.throws(() => parseEndpoint(text), { code: 'PLAIT_CONFIGURATION', message }, text)
})
