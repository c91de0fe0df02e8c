import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { test } from 'node:test'
import { childrenOf } from '../support/processes.ts'
import { pause, until } from '../support/until.ts'
import { serveFlow, type FlowServer } from './serve-flow.ts'

/** How long hosts are killed; `PLAIT_CHAOS_SECONDS=30` by hand. */
const seconds = Number(process.env['PLAIT_CHAOS_SECONDS'] ?? 6)
const clients = 16

interface Asked {
  readonly method: string
  readonly id: string
  status: number
  text: string
}

for (const processes of [1, 2]) {
  test(`SIGKILL of a host each second, with --processes ${processes}: no GET fails, no POST runs twice`, async (t) => {
    const server = await serveFlow({ options: ['--processes', String(processes)] })
    t.after(server.stop)
    const asked = await underKills(server)
    const runs = runsOf(server)
    const failed = asked.filter(({ status, text, id }) => status !== 200 || text !== id)
    const lost = failed.filter(({ method, status }) => method === 'POST' && status === 502)
    const repeated = asked.filter(({ id }) => (runs.get(id)?.length ?? 0) > 1)
    t.diagnostic(`${asked.length} requests; running when their host was killed: ${repeated.length} GETs, ${lost.length} POSTs`)
    assert.deepEqual(
      failed.filter((one) => !lost.includes(one)),
      [],
      'nothing else failed',
    )
    assert.ok(repeated.length + lost.length >= seconds * 3, 'many were running when their host was killed')
    assert.ok(
      repeated.every(({ method }) => method === 'GET'),
      'no POST ran twice',
    )
    assert.ok(
      repeated.every(({ id }) => runs.get(id)?.length === 2),
      'no GET ran more than twice',
    )
    // Between our mark and the first line of the application lies a moment in which it may be killed.
    const unheard = lost.filter(({ id }) => !runs.has(id))
    assert.ok(unheard.length <= 1, `POSTs that got 502 were running, but for ${unheard.length}`)
    assert.match(server.log(), /once more, because their host in flow:application died before they had an answer/)
  })
}

test('SIGSEGV and os._exit in the application: its request is run once more, and no further', async (t) => {
  const server = await serveFlow()
  t.after(server.stop)
  for (const [by, reason] of [
    ['11', 'was killed by SIGSEGV'],
    ['exit', 'ended with exit code 3'],
  ]) {
    const before = server.notes().length
    const answer = await ask(server.url, new Agent(), 'GET', `/die?by=${by}`)
    assert.equal(answer.status, 502)
    assert.equal(server.notes().length - before, 2)
    assert.ok(server.log().includes(reason as string), reason)
    assert.equal(await server.page('/hello'), 'hello')
  }
})

test('plait web --no-retry runs nothing twice', async (t) => {
  const server = await serveFlow({ options: ['--no-retry'] })
  t.after(server.stop)
  const { status } = await ask(server.url, new Agent(), 'GET', '/die?by=9')
  assert.deepEqual([status, server.notes()], [502, ['dying']])
})

test('SIGKILL of a host: a POST that waited in it behind another, and had not begun, runs in the next', async (t) => {
  // Inline, the second of a batch waits until the first is over; pure computing holds it there.
  const server = await serveFlow()
  t.after(server.stop)
  const host = await server.hostPid()
  process.kill(host, 'SIGSTOP')
  const client = await server.client()
  client.socket.write('POST /nap?ms=1&id=waited HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 0\r\n\r\n')
  // Sent, and not read: once the host stands still.
  await pause(0.3)
  process.kill(host, 'SIGKILL')
  await client.receives(/^HTTP\/1\.1 200 [^]*waited$/)
  assert.equal(server.notes().length, 1)
})

/** Sixteen clients ask on and on, until hosts have been killed for long enough; gives what they asked and got. */
async function underKills(server: FlowServer): Promise<Asked[]> {
  const agent = new Agent({ keepAlive: true })
  const asked: Asked[] = []
  const flying = new Set<Asked>()
  let over = false
  const client = async (name: number): Promise<void> => {
    for (let number = 0; !over; number++) {
      const one = { method: number % 4 === 3 ? 'POST' : 'GET', id: `${name}-${number}`, status: 0, text: '' }
      asked.push(one)
      flying.add(one)
      const ms = 5 + ((name * 31 + number * 67) % 196)
      Object.assign(one, await ask(server.url, agent, one.method, `/nap?ms=${ms}&id=${one.id}`))
      flying.delete(one)
    }
  }
  const all = Array.from({ length: clients }, (_, name) => client(name))
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await pause(1)
    const [host] = await childrenOf(server.pid)
    const then = [...flying]
    if (host !== undefined) process.kill(host, 'SIGKILL')
    // No request is to meet two deaths: that one would fail, as it should.
    await until('those that were on their way are answered', () => then.every((one) => !flying.has(one)), 30)
  }
  over = true
  await Promise.all(all)
  agent.destroy()
  return asked
}

/** From the id of a request to the processes in which it began. */
function runsOf(server: FlowServer): Map<string, string[]> {
  const runs = new Map<string, string[]>()
  for (const line of server.notes()) {
    const [, id = '', pid = ''] = line.split(' ')
    runs.set(id, [...(runs.get(id) ?? []), pid])
  }
  return runs
}

function ask(url: string, agent: Agent, method: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const sent = request(`${url}${path}`, { method, agent, headers: method === 'POST' ? { 'content-length': '0' } : {} })
    sent.on('error', (error) => resolve({ status: 0, text: error.message }))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.on('close', () => resolve({ status: response.complete ? (response.statusCode ?? 0) : 0, text }))
    })
    sent.end()
  })
}
