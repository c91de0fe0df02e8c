import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'
import { EncodedBody } from '#src/resources/encoding/encoded-body.ts'
import { BrotliEncoderFactory, GzipEncoderFactory } from '#src/resources/encoding/encoder-factories.ts'
import type { EncoderFactory, EncoderStream } from '#src/resources/encoding/encoder-factory.ts'
import { until } from '../../support/until.ts'

/** What a client would get, and has to take. */
class Client {
  readonly pieces: Uint8Array[] = []
  readonly pending: (() => void)[] = []
  ended = false
  failure: Error | undefined
  /** Takes at once. */
  quick = true

  write(bytes: Uint8Array, flushed: () => void): void {
    this.pieces.push(bytes)
    if (this.quick) setImmediate(flushed)
    else this.pending.push(flushed)
  }

  end(): void {
    this.ended = true
  }

  failed(error: Error): void {
    this.failure = error
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }

  takeAll(): void {
    for (const flushed of this.pending.splice(0)) flushed()
  }
}

const gzip = new GzipEncoderFactory()

test('EncodedBody gives a whole body, and tells of each piece in order', async () => {
  for (const [factory, decode] of [
    [gzip, gunzipSync],
    [new BrotliEncoderFactory(), brotliDecompressSync],
  ] as const) {
    const client = new Client()
    const body = new EncodedBody(factory, client)
    const told: number[] = []
    for (let index = 0; index < 20; index++) body.write(Buffer.from(`piece ${index}\n`), () => told.push(index))
    body.end(Buffer.from('last'))
    await until('the end', () => client.ended)
    await until('the last piece is told of', () => told.length === 20)
    assert.deepEqual(told, [...told.keys()])
    assert.equal(decode(client.bytes).toString().split('\n').at(-1), 'last')
  }
})

test('EncodedBody lets the client decode what was written before it pauses', async () => {
  const client = new Client()
  const body = new EncodedBody(gzip, client)
  let text = ''
  const decoder = createGunzip().on('data', (bytes: Buffer) => (text += bytes.toString()))
  let passed = 0
  for (const word of ['one ', 'two ', 'three ']) {
    body.write(Buffer.from(word), () => undefined)
    await until(word, () => {
      for (; passed < client.pieces.length; passed++) decoder.write(client.pieces[passed])
      return text.endsWith(word)
    })
  }
  body.destroy()
})

test('EncodedBody writes what comes in one turn without pausing in between', async () => {
  const sizes = await Promise.all(
    [1, 100].map(async (turns) => {
      const client = new Client()
      const body = new EncodedBody(gzip, client)
      for (let turn = 0; turn < turns; turn++) {
        for (let index = 0; index < 100 / turns; index++) body.write(Buffer.from('some more text, '), () => undefined)
        await new Promise((resolve) => setImmediate(resolve))
      }
      body.end()
      await until('the end', () => client.ended)
      return client.bytes.length
    }),
  )
  const [together = 0, apart = 0] = sizes
  assert.ok(together * 3 < apart, `${together} bytes together, ${apart} apart`)
})

test('EncodedBody rests while the client takes nothing, and goes on when it does', async () => {
  const client = new Client()
  client.quick = false
  const body = new EncodedBody(gzip, client)
  const piece = randomBytes(64 * 1024)
  let told = 0
  const pieces = 40
  for (let index = 0; index < pieces; index++) body.write(piece, () => told++)
  const given = (): number => client.bytes.length
  let last = -1
  await until('the encoder rests', async () => {
    const before = last
    last = given()
    await new Promise((resolve) => setTimeout(resolve, 100))
    return last > 0 && before === last && last === given()
  })
  assert.ok(given() < 400 * 1024, `${given()} bytes`)
  assert.equal(told, 0)
  body.end()
  await until('the end', () => {
    client.takeAll()
    return client.ended
  })
  client.takeAll()
  assert.equal(told, pieces)
  assert.equal(gunzipSync(client.bytes).length, pieces * piece.length)
})

test('EncodedBody tells of a piece not before its bytes were taken', async () => {
  const client = new Client()
  client.quick = false
  const body = new EncodedBody(gzip, client)
  let told = 0
  // More than the encoder holds back.
  body.write(randomBytes(256 * 1024), () => told++)
  await until('something comes', () => client.pending.length > 0)
  assert.equal(told, 0)
  await until('it is told of', () => {
    client.takeAll()
    return told === 1
  })
  body.destroy()
})

test('EncodedBody that was destroyed gives and tells nothing more', async () => {
  const streams: EncoderStream[] = []
  const factory: EncoderFactory = {
    coding: 'gzip',
    available: true,
    flushKind: gzip.flushKind,
    createStream: () => {
      const stream = gzip.createStream()
      streams.push(stream)
      return stream
    },
    encode: (bytes) => gzip.encode(bytes),
  }
  const client = new Client()
  const body = new EncodedBody(factory, client)
  body.write(randomBytes(1024 * 1024), () => assert.fail('told'))
  body.destroy()
  await until('the encoder is closed', () => streams[0]?.closed === true)
  assert.deepEqual([client.pieces.length, client.ended, client.failure], [0, false, undefined])
})

test('EncodedBody passes a failure of its encoder on', async () => {
  const factory: EncoderFactory = {
    ...gzip,
    flushKind: 0,
    createStream: () => {
      const stream = gzip.createStream()
      setImmediate(() => stream.destroy(new Error('no memory')))
      return stream
    },
    encode: (bytes) => bytes,
  }
  const client = new Client()
  const body = new EncodedBody(factory, client)
  body.write(Buffer.from('x'), () => undefined)
  await until('the failure', () => client.failure !== undefined)
  assert.equal(client.failure?.message, 'no memory')
})
