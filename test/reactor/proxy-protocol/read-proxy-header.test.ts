import assert from 'node:assert/strict'
import { isIPv4 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { WrongProxyHeader, type ProxyHeader } from '#src/reactor/proxy-protocol/proxy-header.ts'
import { readProxyHeader } from '#src/reactor/proxy-protocol/read-proxy-header.ts'
import { canonicalAddress } from '#src/reactor/socket-address.ts'
import { addition, addresses, signature, version1, version2, type Ends } from './headers.ts'

const port = fc.integer({ min: 0, max: 65535 })
const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
const ipv6 = groups.map((numbers) => numbers.map((number) => number.toString(16)).join(':'))
const ends: fc.Arbitrary<Ends> = fc.oneof(
  fc.record({ source: fc.tuple(fc.ipV4(), port), destination: fc.tuple(fc.ipV4(), port) }),
  fc.record({ source: fc.tuple(ipv6, port), destination: fc.tuple(ipv6, port) }),
)
const additions = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 4 })
  .map((all) => Buffer.concat(all.map(([type, value]) => addition(type, value))))

const tcp = ([host, number]: readonly [string, number]): object => ({ type: 'TCP', host: canonicalAddress(host), port: number })

/** Nothing before the last byte, then the whole, and what follows is not its concern. */
function checkWhole(header: Buffer, follows: Uint8Array, expected: ProxyHeader['addresses'] | object): void {
  for (let length = 0; length < header.length; length++) assert.equal(readProxyHeader(header.subarray(0, length)), undefined)
  assert.deepEqual(readProxyHeader(Buffer.concat([header, follows])), { size: header.length, addresses: expected })
}

test('readProxyHeader reads version 1 when its last byte is there, and not earlier', () => {
  fc.assert(
    fc.property(ends, fc.uint8Array({ maxLength: 20 }), (both, follows) => {
      checkWhole(version1(both), follows, { source: tcp(both.source), destination: tcp(both.destination) })
    }),
  )
})

test('readProxyHeader reads version 2 when its last byte is there, and skips what is added', () => {
  fc.assert(
    fc.property(ends, additions, fc.uint8Array({ maxLength: 20 }), (both, more, follows) => {
      const header = version2(0x21, isIPv4(both.source[0]) ? 0x11 : 0x21, Buffer.concat([addresses(both), more]))
      checkWhole(header, follows, { source: tcp(both.source), destination: tcp(both.destination) })
    }),
  )
})

test('readProxyHeader gives no addresses for UNKNOWN, LOCAL and UNSPEC', () => {
  checkWhole(Buffer.from('PROXY UNKNOWN\r\n'), Buffer.from('GET'), undefined as never)
  checkWhole(Buffer.from('PROXY UNKNOWN ffff::1 whatever 65535 \n x\r\n'), Buffer.alloc(0), undefined as never)
  checkWhole(version2(0x20, 0x00, Buffer.alloc(0)), Buffer.from('GET'), undefined as never)
  checkWhole(version2(0x20, 0x11, Buffer.alloc(12, 1)), Buffer.alloc(0), undefined as never)
  checkWhole(version2(0x21, 0x00, Buffer.from('any')), Buffer.alloc(0), undefined as never)
})

test('readProxyHeader reads the paths of UNIX sockets', () => {
  const path = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(108 - text.length)])
  const source = { type: 'UNIX', name: '/run/client.sock' }
  checkWhole(version2(0x21, 0x31, Buffer.concat([path('/run/client.sock'), path('')])), Buffer.alloc(0), {
    source,
    destination: { type: 'UNIX', name: '' },
  })
})

test('readProxyHeader writes every address in one form', () => {
  const read = (text: string): unknown => readProxyHeader(Buffer.from(`PROXY TCP6 ${text} ::1 1 2\r\n`))?.addresses?.source
  assert.deepEqual(read('2001:0DB8:0:0::0001'), { type: 'TCP', host: '2001:db8::1', port: 1 })
  assert.deepEqual(read('::ffff:192.0.2.1'), { type: 'TCP', host: '192.0.2.1', port: 1 })
})

const wrong: readonly [string, Buffer][] = [
  ['no header', Buffer.from('GET / HTTP/1.1\r\n')],
  ['one that begins like one', Buffer.from('PROXX')],
  ['version 2 of which a byte is wrong', Buffer.from('\r\n\r\n\0\r\nQUIX')],
  ['small letters', Buffer.from('proxy TCP4 ')],
  ['no protocol', Buffer.from('PROXY  192.0.2.1 192.0.2.2 1 2\r\n')],
  ['UDP', Buffer.from('PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n')],
  ['a name for an address', Buffer.from('PROXY TCP4 localhost 192.0.2.2 1 2\r\n')],
  ['IPv6 in TCP4', Buffer.from('PROXY TCP4 ::1 ::2 1 2\r\n')],
  ['IPv4 in TCP6', Buffer.from('PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n')],
  ['a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n')],
  ['leading zeros in an address', Buffer.from('PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n')],
  ['two spaces', Buffer.from('PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n')],
  ['a space at the end', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n')],
  ['a port that is too high', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n')],
  ['a port with a sign', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n')],
  ['a port with leading zeros', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n')],
  ['too few words', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n')],
  ['a bare line feed', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\nGET / HTTP/1.1\r\n')],
  ['107 bytes without an end', Buffer.from('PROXY UNKNOWN '.padEnd(107, 'x'))],
  ['an end behind 107 bytes', Buffer.from(`${'PROXY UNKNOWN '.padEnd(106, 'x')}\r\n`)],
  ['version 3', version2(0x31, 0x11, Buffer.alloc(12))],
  ['an unknown command', version2(0x22, 0x11, Buffer.alloc(12))],
  ['datagrams', version2(0x21, 0x12, Buffer.alloc(12))],
  ['an unknown family', version2(0x21, 0x41, Buffer.alloc(300))],
  ['too few bytes for IPv4', version2(0x21, 0x11, Buffer.alloc(11))],
  ['too few bytes for IPv6', version2(0x21, 0x21, Buffer.alloc(35))],
  ['too few bytes for UNIX sockets', version2(0x21, 0x31, Buffer.alloc(215))],
  ['4097 bytes, at once and not when they are here', Buffer.concat([signature, Buffer.from([0x21, 0x11, 0x10, 0x01])])],
]
for (const [what, bytes] of wrong) {
  test(`readProxyHeader refuses ${what}`, () => {
    assert.throws(() => readProxyHeader(bytes), WrongProxyHeader)
  })
}

test('readProxyHeader refuses, waits or reads, whatever comes', () => {
  const beginning = fc.constantFrom(
    Buffer.from('PROXY '),
    Buffer.from('PROXY TCP4 '),
    signature,
    version2(0x21, 0x11, Buffer.alloc(0)),
  )
  fc.assert(
    fc.property(beginning, fc.uint8Array({ maxLength: 300 }), (first, rest) => {
      const bytes = Buffer.concat([first, rest])
      try {
        const header = readProxyHeader(bytes)
        assert.ok(header === undefined ? bytes.length < 4112 : header.size <= bytes.length)
      } catch (error) {
        assert.ok(error instanceof WrongProxyHeader)
      }
    }),
  )
})
