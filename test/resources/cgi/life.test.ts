import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Site } from '#src/resource/site.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import type { CGIOptions } from '#src/resources/cgi/cgi-settings.ts'
import { ProcessLimit } from '#src/resources/cgi/process-limit.ts'
import { MemoryReactor } from '#src/testing.ts'
import { serve } from '../../resource/serve.ts'
import { isAlive } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { makeScripts, serveForReal, serveScript, sh } from './scripts.ts'

/** Writes the ids of the script and of something that it started, then runs `rest`. */
const noting = (rest: string, child = 'sleep 1000'): string =>
  sh(`${child} & echo $! > child; echo $$ > pid.new; mv pid.new pid; ${rest}`)

function script(text: string): string {
  return path.join(makeScripts({ script: text }), 'script')
}

/** The ids that {@link noting} wrote. */
async function pidsOf(file: string): Promise<number[]> {
  const folder = path.dirname(file)
  await until('the script runs', () => existsSync(`${folder}/pid`))
  return ['pid', 'child'].map((name) => Number(readFileSync(`${folder}/${name}`, 'latin1')))
}

const gone = (pids: readonly number[]): Promise<true> =>
  until('all processes are gone', () => pids.every((pid) => !isAlive(pid))) as Promise<true>

const openPipes = (): number =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return /^(?:pipe|socket):/.test(readlinkSync(`/proc/self/fd/${descriptor}`))
    } catch {
      return false
    }
  }).length

test('CGIScript ends the script and all that it started when the client leaves (H147)', async (t) => {
  const file = script(noting('printf "X: 1\\n\\nbegun"; wait'))
  const limit = new ProcessLimit()
  const { connect } = await serveForReal(t, new CGIScript(file, { limit }))
  const client = await connect()
  client.get('/')
  await client.receives(/begun/)
  const pids = await pidsOf(file)
  client.destroy()
  await gone(pids)
  await until('the place is free', () => limit.running === 0)
})

test('CGIScript kills after a while what does not end when the client leaves', async (t) => {
  const file = script(
    noting('trap "" TERM; printf "X: 1\\n\\nbegun"; while :; do sleep 0.1; done', '(trap "" TERM; while :; do sleep 0.1; done)'),
  )
  const limit = new ProcessLimit()
  const { connect, reactor } = await serveForReal(t, new CGIScript(file, { limit, killDelay: 7 }))
  const client = await connect()
  client.get('/')
  await client.receives(/begun/)
  const pids = await pidsOf(file)
  client.destroy()
  await until('SIGTERM was sent', () => reactor.clock.getDelayedCalls().some((call) => call.getTime() === 7))
  reactor.clock.advance(6)
  assert.ok(pids.every(isAlive))
  reactor.clock.advance(1)
  await gone(pids)
  await until('the place is free', () => limit.running === 0)
})

test('CGIScript kills what the script left in its group when the script itself has obeyed', async (t) => {
  const file = script(
    noting('printf "X: 1\\n\\nbegun"; wait', '(trap "" TERM; exec >/dev/null 2>&1; while :; do sleep 0.1; done)'),
  )
  const { connect, reactor } = await serveForReal(t, new CGIScript(file))
  const client = await connect()
  client.get('/')
  await client.receives(/begun/)
  const [pid, child] = (await pidsOf(file)) as [number, number]
  client.destroy()
  await gone([pid])
  assert.ok(isAlive(child))
  reactor.clock.advance(5)
  await gone([child])
})

test('CGIScript answers 504 for a script that is late, and ends it', async () => {
  const file = script(noting('wait'))
  const { port, reactor, logger } = serve(new CGIScript(file, { responseTimeout: 10 }))
  const response = port.request('GET /')
  const pids = await pidsOf(file)
  reactor.advance(11)
  assert.equal((await response).status, 504)
  assert.match(String(logger.of('warn')[0]?.message), /did not answer in time/)
  await gone(pids)
})

test('CGIScript counts the time for an answer from the last byte of the body', async (t) => {
  const reading = 'head -c 2 >/dev/null; : > one; head -c 1 >/dev/null; : > two; head -c 1 >/dev/null'
  const file = script(sh(`${reading}; printf "X: 1\\n\\nread"`))
  const { connect, reactor } = await serveForReal(t, new CGIScript(file, { responseTimeout: 10 }))
  const read = (name: string): Promise<true> =>
    until(name, () => existsSync(path.join(path.dirname(file), name))) as Promise<true>
  const client = await connect()
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n12')
  await read('one')
  reactor.clock.advance(8)
  client.socket.write('3')
  await read('two')
  reactor.clock.advance(8)
  client.socket.write('4')
  await client.receives(/read/)
})

test('CGIScript cuts a script that goes silent in the middle of its response', async () => {
  const file = script(noting('printf "X: 1\\n\\nbegun"; wait'))
  const { port, reactor } = serve(new CGIScript(file, { idleTimeout: 10 }))
  const client = port.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(() => client.received.includes('begun'))
  const pids = await pidsOf(file)
  reactor.advance(9)
  assert.equal(client.closed, false)
  reactor.advance(2)
  const response = await client.response()
  assert.deepEqual([response.text, response.complete], ['begun', false])
  await gone(pids)
})

test('CGIScript lets a script go on after its response, but not for ever', async () => {
  const file = script(noting('printf "Content-Length: 5\\n\\nwhole"; exec >&- 2>&-; wait'))
  const limit = new ProcessLimit()
  const { port, reactor, logger } = serve(new CGIScript(file, { idleTimeout: 10, limit }))
  assert.equal((await port.request('GET /')).text, 'whole')
  const pids = await pidsOf(file)
  assert.equal(limit.running, 1)
  assert.ok(pids.every(isAlive))
  reactor.advance(11)
  await gone(pids)
  await until('the place is free', () => limit.running === 0)
  assert.match(String(logger.of('warn')[0]?.message), /did not end after its response/)
})

test('CGIScript finishes a response whose script closed its output and goes on', async () => {
  const file = script(noting('printf "X: 1\\n\\nwhole"; exec >&- 2>&-; wait', 'sleep 1000 >/dev/null 2>&1'))
  const { port, reactor } = serve(new CGIScript(file, { idleTimeout: 10 }))
  const response = port.request('GET /')
  const pids = await pidsOf(file)
  await until('the output has ended', () => reactor.getDelayedCalls().some((call) => call.getTime() === 0.1))
  reactor.advance(0.1)
  assert.deepEqual([(await response).text, (await response).complete], ['whole', true])
  reactor.advance(11)
  await gone(pids)
})

test('CGIScript ends a script that writes without end after its response', async () => {
  const { port, logger } = serveScript(sh('printf "Content-Length: 2\\n\\n"; yes'))
  assert.equal((await port.request('GET /script')).text, 'y\n')
  await until('it was ended', () =>
    logger.of('warn').some(({ message }) => message.includes('more than belongs to its response')),
  )
  await until('the end is logged', () => logger.of('warn').some(({ message }) => message.includes('was ended by')))
})

test('CGIScript reads no more of a script than the client takes (H147)', async (t) => {
  const file = script(
    sh(
      'printf "X: 1\\n\\n"; i=0; while :; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > count.new; mv count.new count; done',
    ),
  )
  const { connect } = await serveForReal(t, new CGIScript(file))
  const client = await connect()
  client.socket.pause()
  client.get('/')
  const counter = path.join(path.dirname(file), 'count')
  const count = (): number => (existsSync(counter) ? Number(readFileSync(counter, 'latin1')) : 0)
  let last = -1
  // It stands still when two looks, far apart, see the same.
  await until('the script waits', async () => {
    const before = last
    last = count()
    await new Promise((resolve) => setTimeout(resolve, 300))
    return last > 0 && last === before && last === count()
  })
  // The window, the pipe, and what the sockets of the system hold (some MiB on loopback).
  assert.ok(last * 65536 < 16 * 1024 * 1024, `${last} pieces were read`)
})

test('CGIScript starts no more processes than its limit; the next waits, more are refused', async () => {
  const limit = new ProcessLimit({ maxProcesses: 1, maxQueue: 1, queueTimeout: 30 })
  const file = script(sh('while [ ! -e go ]; do sleep 0.02; done; printf "X: 1\\n\\nran"'))
  const { port } = serve(new CGIScript(file, { limit }))
  const first = port.request('GET /')
  await until('the first runs', () => limit.running === 1)
  const second = port.request('GET /')
  await until('the second waits', () => limit.waiting === 1)
  const third = await port.request('GET /')
  assert.deepEqual([third.status, third.headers['retry-after']], [503, '5'])
  writeFileSync(path.join(path.dirname(file), 'go'), '')
  assert.equal((await first).text, 'ran')
  assert.equal((await second).text, 'ran')
  await until('all places are free', () => limit.running === 0)
})

test('CGIScript forgets a request that waits when its client leaves or its time is over', async () => {
  const limit = new ProcessLimit({ maxProcesses: 1, queueTimeout: 3 })
  const { port, reactor } = serve(new CGIScript(script(noting('wait')), { limit, responseTimeout: 0 }))
  const first = port.connect()
  first.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the first runs', () => limit.running === 1)
  const second = port.connect()
  second.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('the second waits', () => limit.waiting === 1)
  second.reset()
  await until('the second is forgotten', () => limit.waiting === 0)
  const third = port.request('GET /')
  await until('the third waits', () => limit.waiting === 1)
  reactor.advance(3)
  assert.equal((await third).status, 503)
  first.reset()
  await until('the place is free', () => limit.running === 0)
})

test('ProcessLimit refuses limits that make no sense', () => {
  for (const options of [
    { maxProcesses: 0 },
    { maxProcesses: 1.5 },
    { maxQueue: -1 },
    { queueTimeout: -1 },
    { queueTimeout: Number.NaN },
  ]) {
    assert.throws(() => new ProcessLimit(options), { code: 'PLAIT_CONFIGURATION' })
  }
})

test('CGIScript refuses options that make no sense', () => {
  const wrong = [
    { requestBody: 'never' },
    { maxBody: -1 },
    { responseTimeout: Number.NaN },
    { killDelay: -1 },
  ] as unknown as CGIOptions[]
  for (const options of wrong) assert.throws(() => new CGIScript('x', options), { code: 'PLAIT_CONFIGURATION' })
})

test('CGIScript answers 500 when the interpreter is not there, and frees its place', async () => {
  const limit = new ProcessLimit()
  const { port, logger } = serve(new CGIScript(script('#!/nowhere/interpreter\n'), { limit }))
  assert.equal((await port.request('GET /')).status, 500)
  assert.match(String(logger.of('error')[0]?.fields['error']), /ENOENT/)
  await until('the place is free', () => limit.running === 0)
})

test('CGIScript is killed when its server stops', async () => {
  const file = script(noting('trap "" TERM; printf "X: 1\\n\\nbegun"; while :; do sleep 0.1; done'))
  const reactor = new MemoryReactor()
  const port = reactor.listenTCP(8080, new Site(new CGIScript(file)))
  const running = reactor.run()
  const client = port.connect()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(() => client.received.includes('begun'))
  const pids = await pidsOf(file)
  client.close()
  await until('the client is gone', () => reactor.getDelayedCalls().length > 0)
  await reactor.stop()
  await running
  await gone(pids)
})

test('CGIScript leaves no descriptor and no process behind', async () => {
  const limit = new ProcessLimit({ maxProcesses: 4 })
  const { port } = serve(new CGIScript(script(sh('cat >/dev/null; echo oops >&2; printf "X: 1\\n\\nran"')), { limit }))
  const ask = async (): Promise<void> => {
    const body = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
    assert.equal((await port.request(body)).text, 'ran')
  }
  await ask()
  await until('the first is over', () => limit.running === 0)
  const before = openPipes()
  await Promise.all(Array.from({ length: 40 }, ask))
  await until('all are over', () => limit.running === 0)
  await until('their pipes are closed', () => openPipes() <= before)
})
