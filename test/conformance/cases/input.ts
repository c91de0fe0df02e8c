/** "Input and Error Streams": the request's body. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Case, Cases } from '../case.ts'
import type { ConformingServer } from '../conforming-server.ts'

interface Summary {
  size: number
  digest: string
  count: number
  sizes: number[]
  types: string[]
  after: string[]
  afterLines: number
  length: string
  coding: string | null
  terminated: boolean
}

/** Lines of 1 to 199 bytes; the last has no end. */
function lines(size: number): Buffer {
  const body = Buffer.alloc(size)
  for (let at = 0; at < size; at++) body[at] = at % 251
  for (let at = 0, line = 1; at < size - 1; at += 1 + (line++ % 199)) body[at] = 10
  for (let at = 0; at < size; at++) if (body[at] === 10 && at % 251 === 10 && at % 7 !== 0) body[at] = 11
  body[size - 1] = 0x2e
  return body
}

const bodies: Readonly<Record<string, Buffer>> = {
  'a small body': lines(1000),
  'a body of 200 KB': lines(200_000),
  'a body of 3 MB': lines(3_000_000),
}

const readers = [
  'read',
  'read-none',
  'read-minus',
  'read-7',
  'read-zero',
  'readline',
  'readline-n',
  'readlines',
  'readlines-hint',
]
readers.push('iteration', 'for-next', 'mixed')
/** How many pieces such a reader gives. */
const counts: Readonly<Record<string, (body: Buffer) => number>> = {
  read: () => 1,
  'read-7': (body) => Math.ceil(body.length / 7777),
  readline: lineCount,
  readlines: lineCount,
  iteration: lineCount,
}

function lineCount(body: Buffer): number {
  return body.filter((byte) => byte === 10).length + 1
}

/** The body in chunks of odd sizes. */
function chunked(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0, size = 1; at < body.length; at += size, size = Math.min(size * 3 + 1, 70_001)) {
    const piece = body.subarray(at, at + size)
    parts.push(Buffer.from(`${piece.length.toString(16)};ext=1\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nX-Trailer: 1\r\n\r\n')])
}

async function readBy(server: ConformingServer, place: string, reader: string, body: Buffer, inChunks: boolean): Promise<void> {
  const target = `/${place}/read?with=${reader}`
  const what = `${target} ${body.length}${inChunks ? ' chunked' : ''}`
  const connection = await server.connect()
  if (inChunks) connection.ask(target, { method: 'POST', headers: ['Transfer-Encoding: chunked'] }).send(chunked(body))
  else connection.ask(target, { method: 'POST', body })
  const response = await connection.response()
  assert.equal(response.status, 200, what)
  const found = JSON.parse(response.text) as Summary
  const expected = { size: body.length, digest: createHash('sha256').update(body).digest('hex') }
  assert.deepEqual({ size: found.size, digest: found.digest }, expected, what)
  assert.deepEqual([found.types, found.after, found.afterLines, found.terminated], [['bytes'], ['', '', ''], 0, true], what)
  const count = counts[reader]
  if (count !== undefined) assert.equal(found.count, count(body), what)
  if (reader === 'read-zero') assert.deepEqual(found.sizes.slice(0, 3), [0, 5, 0], what)
  const known = place !== 'stream' || !inChunks
  assert.equal(found.length, known ? String(body.length) : '', what)
  assert.equal(found.coding, known ? null : 'chunked', what)
  connection.destroy()
}

const reading: Record<string, Case> = {}
for (const [name, body] of Object.entries(bodies)) {
  for (const place of ['app', 'stream']) {
    for (const inChunks of [false, true]) {
      const how = `${place === 'stream' ? 'as it arrives' : 'received before'}${inChunks ? ', sent in chunks' : ''}`
      reading[`wsgi.input: every way to read ${name}, ${how}`] = async (server) => {
        for (const reader of readers) await readBy(server, place, reader, body, inChunks)
      }
    }
  }
}

/** A chunked body that breaks off: what is sent at first, and when the streaming application reads it. */
const broken: Readonly<Record<string, readonly [string, string]>> = {
  'ends within a chunk': ['5\r\nhel', ''],
  'ends before its last chunk': ['5\r\nhello\r\n', ''],
  'has a size that is none': ['5\r\nhello\r\n', 'zz\r\n'],
  'has a chunk without its end': ['5\r\nhello', 'XX3\r\nabc\r\n0\r\n\r\n'],
}

const breaking: Record<string, Case> = {}
for (const [name, [first, then]] of Object.entries(broken)) {
  breaking[`wsgi.input: a chunked body that ${name} never looks whole`] = async (server) => {
    const [buffered, streamed] = [server.name(), server.name()]
    for (const [place, of] of [
      ['app', buffered],
      ['stream', streamed],
    ] as const) {
      const connection = await server.connect()
      connection.ask(`/${place}/body-error?of=${of}`, { method: 'POST', headers: ['Transfer-Encoding: chunked'] }).send(first)
      if (place === 'stream') await server.noted(of, 1)
      connection.send(then).socket.end()
      const rest = (await connection.closed()).toString('latin1')
      // The streaming application that catches the error may still answer.
      if (place === 'app') assert.doesNotMatch(rest, /^HTTP\/1\.1 200/)
    }
    assert.deepEqual(await server.noted(streamed, 2), ['called', 'broken off'])
    assert.deepEqual(await server.notes(buffered), [])
  }
}

export const inputCases: Cases = {
  ...reading,

  'wsgi.input: an empty body is empty at once': async (server) => {
    for (const place of ['app', 'stream']) {
      for (const ask of [{}, { method: 'POST', body: '' }]) {
        for (const reader of ['read', 'readline', 'readlines', 'iteration', 'read-7']) {
          const found = await server.report<Summary>(`/${place}/read?with=${reader}`, ask)
          assert.deepEqual([found.size, found.after], [0, ['', '', '']])
        }
      }
      const connection = await server.connect()
      connection.ask(`/${place}/read?with=read`, { method: 'POST', headers: ['Transfer-Encoding: chunked'] }).send('0\r\n\r\n')
      assert.equal((JSON.parse((await connection.response()).text) as Summary).size, 0)
    }
  },

  'wsgi.input: what the application does not read is no part of the next request': async (server) => {
    for (const place of ['app', 'stream']) {
      const connection = await server.connect()
      for (const body of [bodies['a small body'] as Buffer, bodies['a body of 200 KB'] as Buffer]) {
        const response = await connection.ask(`/${place}/unread`, { method: 'POST', body }).response()
        assert.equal(response.text, 'not read')
        if (place === 'stream') break
      }
      if (place === 'app') assert.equal((await connection.ask('/app/hello').response()).text, 'Hello')
    }
  },

  'wsgi.input: the application may put another in its place': async (server) => {
    const connection = await server.connect()
    for (const body of Object.values(bodies)) {
      assert.equal((await connection.ask('/app/input-replaced', { method: 'POST', body }).response()).text, 'ok')
    }
    assert.doesNotMatch(server.log, server.language.frame('\\w+'))
  },

  'wsgi.input: 100 Continue comes when the body is wanted': async (server) => {
    for (const place of ['app', 'stream']) {
      const connection = await server.connect()
      const headers = ['Expect: 100-continue', 'Content-Length: 4']
      connection.ask(`/${place}/read?with=read`, { method: 'POST', headers })
      await connection.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
      const response = await connection.send('body').response()
      assert.equal((JSON.parse(response.text) as Summary).size, 4)
    }
    const unread = await server.connect()
    const response = await unread
      .ask('/stream/unread', { method: 'POST', headers: ['Expect: 100-continue', 'Content-Length: 4'] })
      .response()
    assert.deepEqual([response.informational.length, response.text], [0, 'not read'])
  },

  'wsgi.input: a streamed body can be answered while it arrives': async (server) => {
    const connection = await server.connect()
    connection.ask('/stream/echo-stream', { method: 'POST', headers: ['Transfer-Encoding: chunked'] })
    for (const word of ['one', 'two', 'three']) {
      connection.send(`${(word.length + 1).toString(16)}\r\n${word}\n\r\n`)
      await connection.receives(new RegExp(word.toUpperCase()))
    }
    connection.send('0\r\n\r\n')
    assert.equal((await connection.response()).text, 'ONE\nTWO\nTHREE\n')
  },

  ...breaking,

  'wsgi.input: a body shorter than its Content-Length never looks whole': async (server) => {
    const [buffered, streamed] = [server.name(), server.name()]
    for (const [place, of] of [
      ['app', buffered],
      ['stream', streamed],
    ] as const) {
      const connection = await server.connect()
      connection.ask(`/${place}/body-error?of=${of}`, { method: 'POST', headers: ['Content-Length: 100'] }).send('short')
      if (place === 'stream') await server.noted(of, 1)
      connection.destroy()
    }
    assert.deepEqual(await server.noted(streamed, 2), ['called', 'broken off'])
    assert.deepEqual(await server.notes(buffered), [])
  },

  'wsgi.errors: text goes to the log, what is no text raises TypeError': async (server) => {
    const word = server.name()
    const kinds = await server.report<string[]>(`/app/errors?word=${word}`)
    assert.deepEqual(kinds, ['TypeError', 'TypeError', 'TypeError', 'TypeError'])
    await server.logged(new RegExp(`${word} written[^]*${word} line one[^]*${word} line two[^]*${word} caf\u00e9 €`))
  },
}
