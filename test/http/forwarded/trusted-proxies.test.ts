import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrustedProxies, type TrustProxy } from '#src/http/forwarded/trusted-proxies.ts'

const peer = (host: string) => ({ type: 'TCP', host, port: 1 }) as const
const unix = { type: 'UNIX', name: '' } as const

function trusted(trust: TrustProxy, hosts: readonly string[]): string[] {
  const proxies = new TrustedProxies(trust)
  return hosts.filter((host) => proxies.trustsPeer(peer(host)))
}

test('TrustedProxies takes addresses and networks of both versions', () => {
  const hosts = [
    '10.1.2.3',
    '10.2.0.1',
    '192.0.2.7',
    '192.0.2.8',
    '2001:db8:1::5',
    '2001:db8:2::5',
    '::ffff:10.1.9.9',
    'fe80::1%eth0',
  ]
  assert.deepEqual(trusted(['10.1.0.0/16', '192.0.2.7', '2001:db8:1::/48', 'fe80::1'], hosts), [
    '10.1.2.3',
    '192.0.2.7',
    '2001:db8:1::5',
    '::ffff:10.1.9.9',
    'fe80::1%eth0',
  ])
})

test('TrustedProxies knows loopback, private and linklocal networks by name', () => {
  const hosts = [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '10.0.0.1',
    '172.31.0.1',
    '172.32.0.1',
    '192.168.1.1',
    'fd00::1',
    '169.254.1.1',
    'fe80::1',
    '8.8.8.8',
  ]
  assert.deepEqual(trusted('loopback', hosts), ['127.0.0.1', '127.9.9.9', '::1'])
  assert.deepEqual(trusted('private', hosts), ['10.0.0.1', '172.31.0.1', '192.168.1.1', 'fd00::1'])
  assert.deepEqual(trusted('linklocal', hosts), ['169.254.1.1', 'fe80::1'])
  assert.deepEqual(trusted('loopback, private', hosts), [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '10.0.0.1',
    '172.31.0.1',
    '192.168.1.1',
    'fd00::1',
  ])
})

test('TrustedProxies trusts a UNIX socket only by its name, or where a number of proxies stands in front', () => {
  assert.deepEqual(
    (['unix', 'loopback', 1, '1', 0, false, [], ''] as const).map((trust) => new TrustedProxies(trust).trustsPeer(unix)),
    [true, false, true, true, false, false, false, false],
  )
})

test('TrustedProxies with a number trusts that many hops, whatever their addresses', () => {
  const proxies = new TrustedProxies(2)
  assert.deepEqual(
    [proxies.trustsPeer(peer('8.8.8.8')), proxies.trusts('9.9.9.9', 1), proxies.trusts('9.9.9.9', 2)],
    [true, true, false],
  )
})

test('TrustedProxies refuses what is no address, and says what would be', () => {
  for (const wrong of [
    '10.0.0.0/33',
    '::/129',
    'nginx',
    '10.0.0',
    '1.2.3.4:80',
    '10.0.0.0/',
    '-1',
    '1.5',
    'constructor',
    '*',
    true as never,
    ['loopback', '2'],
  ]) {
    assert.throws(
      () => new TrustedProxies(wrong),
      (error: Error & { code?: string }) =>
        error.code === 'PLAIT_CONFIGURATION' && error.message.startsWith('Cannot trust these proxies: '),
      String(wrong),
    )
  }
})
