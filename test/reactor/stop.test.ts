import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { HTTPFactory } from '#src/http/http-factory.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { root } from '../support/paths.ts'
import { until } from '../support/until.ts'

const quietly = { installSignalHandlers: false }
const factory = (): HTTPFactory => new HTTPFactory((request) => request.sendWhole(200, 'OK', [], Buffer.from('hello')))

test('NodeReactor.stop before run closes the ports; the reactor can run afterwards', async () => {
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, factory(), { interface: '127.0.0.1' })
  await port.ready
  const { port: number } = port.getHost() as { port: number }
  await reactor.stop()
  await assert.rejects(fetch(`http://127.0.0.1:${number}/`))
  const second = reactor.listenTCP(0, factory(), { interface: '127.0.0.1' })
  const run = reactor.run(quietly)
  await second.ready
  assert.equal(await (await fetch(`http://127.0.0.1:${(second.getHost() as { port: number }).port}/`)).text(), 'hello')
  await reactor.stop()
  await run
})

for (const phase of ['before', 'during', 'after'] as const) {
  test(`NodeReactor.stop while a trigger ${phase} startup still runs ends run(), and starts nothing more`, async () => {
    const reactor = new NodeReactor()
    const later: string[] = []
    let go = (): void => undefined
    reactor.addSystemEventTrigger(phase, 'startup', () => new Promise((resolve) => (go = () => resolve())))
    if (phase !== 'after') {
      reactor.addSystemEventTrigger('after', 'startup', () => void later.push('after startup'))
      reactor.callWhenRunning(() => later.push('running'))
    }
    const run = reactor.run(quietly)
    await new Promise((resolve) => setImmediate(resolve))
    await reactor.stop()
    await run
    assert.equal(reactor.running, false)
    go()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual([reactor.running, later], [false, []])
  })
}

/** A server in a process of its own: says `ready`, and says what signals made of it. */
function startProcess(extra = '') {
  const url = (file: string): string => JSON.stringify(`file://${root}/dist/${file}`)
  const code = `
    import { NodeReactor } from ${url('reactor/node-reactor.js')}
    import { HTTPFactory } from ${url('http/http-factory.js')}
    const reactor = new NodeReactor()
    const port = reactor.listenTCP(0, new HTTPFactory((request) => { console.log('request'); globalThis.request = request }), { interface: '127.0.0.1' })
    reactor.callWhenRunning(async () => { await port.ready; console.log('port ' + port.getHost().port) })
    ${extra}
    await reactor.run()
    console.log('over ' + process.listenerCount('SIGTERM'))
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const exit = once(child, 'exit')
  return { child, exit, said: (pattern: RegExp) => until(String(pattern), () => pattern.exec(output)) }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process with 0, and its handlers are gone by then`, async () => {
    const { child, exit, said } = startProcess()
    await said(/port \d+/)
    child.kill(signal)
    assert.deepEqual(await exit, [0, null])
    await said(/over 0/)
  })
}

test('SIGTERM while the reactor starts ends the process with 0', async () => {
  const { child, exit, said } = startProcess(`
    reactor.addSystemEventTrigger('before', 'startup', () => { console.log('starting'); return new Promise(() => {}) })`)
  await said(/starting/)
  child.kill('SIGTERM')
  assert.deepEqual(await exit, [0, null])
})

test('a second SIGTERM cuts a request that does not end', async (t) => {
  const { child, exit, said } = startProcess()
  const [, port] = (await said(/port (\d+)/)) as unknown as [string, string]
  const answer = fetch(`http://127.0.0.1:${port}/`)
  await said(/request/)
  child.kill('SIGTERM')
  // What follows quickly is taken for the same signal. Once it has cut, there are no handlers soon.
  const again = setInterval(() => child.kill('SIGTERM'), 100)
  t.after(() => clearInterval(again))
  answer.catch(() => clearInterval(again))
  assert.deepEqual(await exit, [0, null])
  await assert.rejects(answer)
})
