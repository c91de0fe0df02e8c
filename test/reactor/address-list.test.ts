import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressList } from '#src/reactor/address-list.ts'

const tcp = (host: string) => ({ type: 'TCP', host, port: 1 }) as const
const unix = { type: 'UNIX', name: '' } as const

test('AddressList knows addresses, networks, names of networks, UNIX sockets and everyone', () => {
  const list = new AddressList(['192.0.2.1', '10.0.0.0/8', 'fd00::/8', 'loopback'], 'x')
  const hosts = ['192.0.2.1', '192.0.2.2', '10.9.9.9', '::ffff:10.1.1.1', 'fd00::1%eth0', '127.0.0.5', '::1', 'none', '']
  assert.deepEqual(
    hosts.filter((host) => list.includes(tcp(host))),
    ['192.0.2.1', '10.9.9.9', '::ffff:10.1.1.1', 'fd00::1%eth0', '127.0.0.5', '::1'],
  )
  assert.deepEqual([list.includes(unix), new AddressList(['unix'], 'x').includes(unix)], [false, true])
  const everyone = new AddressList(['*'], 'x')
  assert.deepEqual([everyone.includes(unix), everyone.includes(tcp('8.8.8.8')), everyone.includesHost('')], [true, true, true])
})

test('AddressList refuses what is none of these, and names the option', () => {
  for (const wrong of ['nginx', '1.2.3.4/33', 'fd00::/129', '1.2.3', 'Loopback', 'toString', '']) {
    assert.throws(
      () => new AddressList([wrong], 'Whom to trust'),
      { code: 'PLAIT_CONFIGURATION', message: /^Whom to trust: "/ },
      wrong,
    )
  }
})
