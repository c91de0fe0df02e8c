import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { connect as connectOverTLS } from 'node:tls'
import { systemdDescriptor } from '#src/reactor/endpoints/systemd-descriptor.ts'
import { makeCertificate, testFolder } from '../../support/certificates.ts'
import { root } from '../../support/paths.ts'
import { until } from '../../support/until.ts'

/** A process that listens on what it was started with, and says so. */
function startOn(t: TestContext, endpoints: readonly string[], sockets: readonly string[] = []) {
  const url = (file: string): string => JSON.stringify(`file://${root}/dist/${file}`)
  const code = `
    import { serverFromString } from ${url('reactor/endpoints/server-from-string.js')}
    import { NodeReactor } from ${url('reactor/node-reactor.js')}
    import { HTTPFactory } from ${url('http/http-factory.js')}
    const reactor = new NodeReactor()
    const site = new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from(JSON.stringify(request.channel.host))))
    try {
      for (const text of ${JSON.stringify(endpoints)}) {
        const port = serverFromString(reactor, text).listen(site)
        await port.ready
        console.log('listening ' + JSON.stringify(port.getHost()))
      }
      reactor.callWhenRunning(() => console.log('ready'))
      await reactor.run()
    } catch (error) {
      console.log(error.code + ' ' + error.message)
      await reactor.stop()
    }`
  const node = [process.execPath, '--input-type=module', '-e', code]
  const [program = '', ...words] =
    sockets.length === 0 ? node : ['python3', `${root}/test/fixtures/start_with_sockets.py`, ...sockets, '--', ...node]
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  t.after(() => child.kill('SIGKILL'))
  return { child, said: (pattern: RegExp) => until(String(pattern), () => pattern.exec(output)) }
}

async function answer(where: { port: number; host: string } | { path: string }): Promise<string> {
  const socket = connect(where)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of socket) text += String(data)
  return text.split('\r\n\r\n')[1] ?? ''
}

test('systemd: serves on the sockets that systemd opened, by number and by name', async (t) => {
  const file = path.join(testFolder(t), 'app.sock')
  const { child, said } = startOn(
    t,
    ['systemd:domain=INET:index=0', 'systemd:domain=UNIX:name=local'],
    ['web=tcp', `local=${file}`],
  )
  const port = Number((await said(/opened (\d+)/))[1])
  await said(/ready/)
  const host = { type: 'TCP', host: '127.0.0.1', port }
  assert.deepEqual(JSON.parse((await said(/listening (.*)/))[1] as string), host)
  assert.deepEqual(JSON.parse(await answer({ port, host: '127.0.0.1' })), host)
  assert.deepEqual(JSON.parse(await answer({ path: file })), { type: 'UNIX', name: file })
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal(existsSync(file), true, 'the file is systemd’s, and stays')
})

test('ssl: serves on a socket that systemd opened', async (t) => {
  const { privateKey, certKey, cert } = makeCertificate(testFolder(t), 'one', { names: ['localhost'] })
  const { said } = startOn(t, [`ssl:systemd=web:privateKey=${privateKey}:certKey=${certKey}`], ['web=tcp'])
  const port = Number((await said(/opened (\d+)/))[1])
  await said(/ready/)
  const client = connectOverTLS({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' })
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const data of client) text += String(data)
  assert.match(text, /"type":"TCP"/)
})

test('fd: serves on a socket by its number; what is no socket is refused in words', async (t) => {
  const { said } = startOn(t, ['fd:3'], ['web=tcp'])
  const port = Number((await said(/opened (\d+)/))[1])
  await said(/ready/)
  assert.match(await answer({ port, host: '127.0.0.1' }), /"type":"TCP"/)
  await startOn(t, ['fd:99']).said(/PLAIT_LISTEN .*file descriptor 99: the process was started without it/)
  await startOn(t, ['fd:0']).said(/PLAIT_LISTEN .*file descriptor 0: it is no socket/)
})

test('systemd: says why there is no socket', async (t) => {
  await startOn(t, ['systemd:index=0']).said(/PLAIT_LISTEN .*LISTEN_FDS is not set/)
  const endpoint = (index?: number, name?: string) => ({ kind: 'systemd', domain: undefined, index, name }) as const
  const env = { LISTEN_FDS: '2', LISTEN_PID: '42', LISTEN_FDNAMES: 'web:local' }
  assert.equal(systemdDescriptor(endpoint(1), env, 42), 4)
  assert.equal(systemdDescriptor(endpoint(undefined, 'web'), env, 42), 3)
  const wrong: readonly [ReturnType<typeof endpoint>, object, RegExp][] = [
    [endpoint(2), {}, /only 2 were handed over, and the first is number 0/],
    [endpoint(undefined, 'other'), {}, /"other": the 2 that were handed over are named "web:local"/],
    [endpoint(0), { LISTEN_PID: '41' }, /handed to process 41, and this is 42/],
    [endpoint(0), { LISTEN_FDS: 'many' }, /none was handed over/],
    [endpoint(0), { LISTEN_PID: undefined }, /none was handed over/],
    [endpoint(undefined, 'local'), { LISTEN_FDS: '1' }, /the 1 that were handed over/],
  ]
  for (const [one, more, message] of wrong)
    assert.throws(() => systemdDescriptor(one, { ...env, ...more }, 42), { code: 'PLAIT_LISTEN', message })
})
