import assert from 'node:assert/strict'
import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { eachMessage, processId, type Message } from '#src/hosts/python/preload/json-lines.ts'
import { until } from '../../support/until.ts'
import { keepersOf, servePreloaded } from './serve-preloaded.ts'

const options = { skip: process.platform !== 'linux', timeout: 90_000 }

/** Folders of templates of this process. */
const folders = (): string[] =>
  readdirSync(tmpdir())
    .filter((name) => name.startsWith(`plait-${process.pid}-`))
    .map((name) => `${tmpdir()}/${name}`)

test('preload: the template listens in a folder of the server alone, to connections that bear a token', options, async (t) => {
  const server = await servePreloaded(t)
  await server.ask('/')
  const [folder = ''] = folders()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  const [host] = await server.hosts(1)
  for (const words of [`${'0'.repeat(32)}w`, `${'x'.repeat(40)}`, 'short']) {
    const stranger = connect(`${folder}/s`)
    stranger.on('error', () => undefined)
    stranger.write(words)
    await until('the stranger is cut', () => stranger.destroyed || stranger.readableEnded)
  }
  // Those that say nothing hold up nobody, however many they are.
  const silent = Array.from({ length: 100 }, () => connect(`${folder}/s`).on('error', () => undefined))
  t.after(() => silent.forEach((socket) => socket.destroy()))
  process.kill(host as number, 'SIGKILL')
  await until('the host is replaced', async () => (await server.hosts(1))[0] !== host)
  assert.equal((await server.ask('/')).status, 200)
  assert.equal(server.notes('imported').length, 1)
  await server.stop()
  assert.deepEqual(folders(), [])
})

test(
  'preload: a host has its own three connections, and none of the template, the keeper or its siblings',
  options,
  async (t) => {
    const server = await servePreloaded(t, { pool: { processes: 2 } })
    await server.ask('/')
    const sockets = (await server.hosts(2)).map((pid) =>
      readdirSync(`/proc/${pid}/fd`)
        .map((number) => [number, readlinkSync(`/proc/${pid}/fd/${number}`)] as const)
        .filter(([, target]) => target.startsWith('socket:')),
    )
    for (const one of sockets)
      assert.deepEqual(
        one.map(([number]) => number),
        ['1', '2', '3'],
      )
    assert.equal(new Set(sockets.flat().map(([, target]) => target)).size, 6)
  },
)

test('preload: a socket that was cleaned away costs one import more', options, async (t) => {
  const server = await servePreloaded(t)
  await server.ask('/')
  const [host = 0] = await server.hosts(1)
  for (const folder of folders()) rmSync(folder, { recursive: true })
  process.kill(host, 'SIGKILL')
  await until('another host answers', async () => (await server.ask('/')).status === 200)
  assert.equal(server.notes('imported').length, 2)
  assert.match(server.log(), /The template process of stock\.application was killed: its socket was gone/)
})

test('preload: an application that writes into our descriptors fails alone, and says why', options, async (t) => {
  const server = await servePreloaded(t, { application: { application: 'noisy.application' } })
  await assert.rejects(
    server.resource.prepare(),
    /The template process of noisy\.application was killed: what it said is no message of ours .*descriptor 3 is not the application's$/,
  )
  await until('nothing is left', () => keepersOf(process.pid).length === 0)
})

test('eachMessage gives objects, whole lines only, and stops at the first that is none', async () => {
  for (const [text, taken, reason] of [
    ['{"a":1}\n{"b"', 1, undefined],
    ['{"a":1}\n[]\n', 2, undefined],
    ['{"a":1}\n7\n{"a":1}\n', 1, /no message: 7/],
    ['{"a":1}\nnonsense\n{"a":1}\n', 1, /JSON/],
    ['x'.repeat(17 * 1024 ** 2), 0, /a line without end/],
  ] as const) {
    const stream = new PassThrough()
    const messages: Message[] = []
    const reasons: string[] = []
    eachMessage(
      stream,
      (message) => messages.push(message),
      (why) => reasons.push(why),
    )
    // In pieces that have nothing to do with lines.
    for (let start = 0; start < text.length; start += 65_535) stream.write(text.slice(start, start + 65_535))
    stream.end()
    await until('all is read', () => stream.readableEnded)
    assert.equal(messages.length, taken)
    if (reason === undefined) assert.deepEqual(reasons, [])
    else assert.match(reasons.join(), reason)
  }
  for (const value of [0, -1, 1.5, '7', null, undefined]) assert.throws(() => processId(value), TypeError)
})
