import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { connect as connectOverTLS } from 'node:tls'
import { folderWith } from '../../cli/run-plait.ts'
import { makeCertificate } from '../../support/certificates.ts'
import { HTTP2Client } from '../../support/http2-client.ts'
import { isAlive } from '../../support/processes.ts'
import { RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'
import { ask, at, startUpgradable, versionSource } from './upgradable.ts'

describe('an upgrade', { concurrency: true }, () => {
  test('idle connections: the next request is answered and closes them, and one that says nothing is closed soon', async (t) => {
    const cwd = folderWith(t, { 'app.py': versionSource(1) })
    const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--health', '/healthz'], { cwd })
    const [used, fresh, prober, silent] = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(server.url)))
    assert.ok(used && fresh && prober && silent)
    used.get('/')
    await used.receives(/version 1$/)
    prober.get('/healthz')
    await prober.receives(/ok\n$/)
    writeFileSync(`${cwd}/app.py`, versionSource(2))
    await server.upgrade()
    for (const client of [used, fresh]) {
      client.get('/')
      await until('the answer, and the end', () => client.ended)
      assert.match(client.received, /HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*Connection: close\r\n[^]*version 1$/i)
    }
    // A balancer that keeps its connection must not hear that the server stops.
    prober.get('/healthz')
    await until('the end', () => prober.ended)
    assert.match(prober.received, /200 OK[^]*200 OK[^]*ok\n$/)
    assert.equal(await ask(at(server.url, '/')), 'version 2')
    assert.equal(await server.exited, 0)
    await until('the end', () => silent.ended)
    await server.stop()
  })

  test('a request that runs finishes, also when the whole process group is told to stop behind the upgrade', async (t) => {
    const cwd = folderWith(t, { 'app.py': versionSource(1) })
    const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0', '--drain-delay', '1'], { cwd })
    const slow = ask(at(server.url, '/?4000'))
    await ask(at(server.url, '/'))
    const [old] = server.pids as [number]
    writeFileSync(`${cwd}/app.py`, versionSource(2))
    const pid = await server.upgrade()
    const other = ask(at(server.url, '/?2000'))
    await until('the new one serves', async () => (await ask(at(server.url, '/'))) === 'version 2')
    process.kill(-old, 'SIGTERM')
    assert.deepEqual([await slow, await other], ['version 1', 'version 2'])
    assert.equal(await server.exited, 0)
    await until('the new one has ended', () => !isAlive(pid))
  })

  test('HTTP/2: streams that run finish, GOAWAY says that no more are taken, and a new connection is served by the new process', async (t) => {
    const cwd = folderWith(t, { 'app.py': versionSource(1) })
    const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0'], { cwd })
    const client = await HTTP2Client.connect(server.url)
    t.after(() => client.close())
    const running = [client.ask({ ':path': '/?3000' }), client.ask({ ':path': '/?3000' })]
    assert.equal((await client.ask()).text, 'version 1')
    writeFileSync(`${cwd}/app.py`, versionSource(2))
    await server.upgrade()
    await until('GOAWAY', () => client.goneAway === 0)
    const other = await HTTP2Client.connect(server.url)
    t.after(() => other.close())
    assert.equal((await other.ask()).text, 'version 2')
    for (const answer of await Promise.all(running)) assert.deepEqual([answer.status, answer.text], [200, 'version 1'])
    assert.equal(await server.exited, 0)
    other.close()
    await server.stop()
  })

  test('SIGUSR2 to the whole process group is one upgrade, and harms no host', async (t) => {
    const cwd = folderWith(t, { 'app.py': versionSource(1) })
    const server = await startUpgradable(t, ['--wsgi', 'app', '--listen', '127.0.0.1:0'], { cwd })
    const slow = ask(at(server.url, '/?1500'))
    await ask(at(server.url, '/'))
    process.kill(-server.pid, 'SIGUSR2')
    await until('another one serves', () => server.pids.length === 2)
    assert.equal(await slow, 'version 1')
    assert.equal(await server.exited, 0)
    assert.doesNotMatch(server.log(), /Not upgraded|SIGUSR2\b.*killed|another one starts/)
    await server.stop()
  })

  test('a client in the middle of the handshake of TLS, or of a PROXY header, gets its answer', async (t) => {
    const cwd = folderWith(t, { 'app.py': versionSource(1) })
    const { certKey, privateKey, cert } = makeCertificate(cwd, 'web', { names: ['shop.example'] })
    const words = ['--wsgi', 'app', '--listen', `ssl:0:interface=127.0.0.1:privateKey=${privateKey}:certKey=${certKey}`]
    const server = await startUpgradable(t, [...words, '--listen', 'haproxy:tcp:0:interface=127.0.0.1'], { cwd })
    const [, proxied = ''] = await until('all is announced', () => /listening on (http:\S+)\//.exec(server.log()))
    const places = [server.url, proxied].map((url) => Number(new URL(url).port)) as [number, number]
    const overTLS = async (port: number, socket = connect({ host: '127.0.0.1', port })): Promise<string> => {
      const secure = connectOverTLS({ socket, ca: cert, servername: 'shop.example' })
      secure.write('GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
      return (await secure.toArray()).join('')
    }
    const overProxy = async (port: number, socket = connect({ host: '127.0.0.1', port })): Promise<string> => {
      socket.write('PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      return (await socket.toArray()).join('')
    }
    const begun = places.map((port) => connect({ host: '127.0.0.1', port }))
    await Promise.all(begun.map((socket) => once(socket, 'connect')))
    // Accepted behind the first ones: so those have been accepted too.
    assert.match(await overTLS(places[0]), /version 1$/)
    assert.match(await overProxy(places[1]), /version 1$/)
    writeFileSync(`${cwd}/app.py`, versionSource(2))
    await server.upgrade()
    assert.match(await overTLS(places[0]), /version 2$/)
    assert.match(await overProxy(places[1]), /version 2$/)
    assert.match(await overTLS(places[0], begun[0]), /version 1$/)
    assert.match(await overProxy(places[1], begun[1]), /version 1$/)
    assert.equal(await server.exited, 0)
    await server.stop()
  })
})
