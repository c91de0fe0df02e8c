import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import type { FileResponse } from '#src/hosts/host.ts'
import type { MemoryJob } from '#src/testing.ts'
import { serveWSGI, settle, until } from './serve-wsgi.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'plait-file-test-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let files = 0

function fileOf(content: Buffer | string, offset = 0): FileResponse {
  const name = path.join(directory, `file-${files++}`)
  writeFileSync(name, content)
  const { dev, ino, size } = statSync(name, { bigint: true })
  return { path: name, offset, size: Number(size) - offset, dev, ino }
}

/** Serves `file` with `headers`; the job is finished when the file was taken, as hosts do. */
function serveFile(file: FileResponse, headers: readonly string[] = [], status = 200) {
  return serveWSGI((job) => {
    const taken = job.fileTaken.bind(job)
    job.fileTaken = (really) => {
      taken(really)
      if (really) job.sink.finished(undefined)
    }
    job.sink.respondFile({ status, reason: 'OK', headers }, file)
  })
}

const large = Buffer.alloc(1_000_000, 'abcdefghijk')

test('FileTransfer sends a small file with its length', async () => {
  const { port, pool } = serveFile(fileOf('hello'), ['Content-Type', 'text/x'])
  const connection = port.connect()
  const response = await connection.request('GET /')
  assert.equal(response.text, 'hello')
  assert.equal(response.headers['content-length'], '5')
  assert.equal(response.headers['content-type'], 'text/x')
  assert.deepEqual(pool.jobs[0]?.filesTaken, [true])
  assert.equal((await connection.request('GET /')).text, 'hello')
})

test('FileTransfer sends a large file, from an offset', async () => {
  const { port } = serveFile(fileOf(large, 7))
  const connection = port.connect()
  const response = await connection.request('GET /')
  assert.equal(response.headers['content-length'], String(large.length - 7))
  assert.ok(response.body.equals(large.subarray(7)))
  assert.ok((await connection.request('GET /')).body.equals(large.subarray(7)))
})

test('FileTransfer sends an empty file, and nothing for an offset at the end', async () => {
  for (const file of [fileOf(''), fileOf('abc', 3)]) {
    const response = await serveFile(file).port.request('GET /')
    assert.equal(response.headers['content-length'], '0')
    assert.equal(response.complete, true)
  }
})

test('FileTransfer sends no more than Content-Length', async () => {
  for (const [content, length] of [
    ['hello world', 5],
    [large, 600_000],
  ] as const) {
    const response = await serveFile(fileOf(content), ['Content-Length', String(length)]).port.request('GET /')
    assert.equal(response.body.length, length)
    assert.equal(response.complete, true)
  }
})

test('FileTransfer breaks off when the file is shorter than Content-Length', async () => {
  const { port, logger } = serveFile(fileOf('hello'), ['Content-Length', '50'])
  const connection = port.connect()
  const response = await connection.request('GET /')
  assert.equal(response.complete, false)
  await connection.ended()
  assert.equal(logger.of('error').length, 1)
})

test('FileTransfer breaks off when the file becomes shorter while it is sent', async () => {
  const file = fileOf(Buffer.alloc(3_000_000, 'x'))
  const { port, logger } = serveFile(file)
  const connection = port.connect()
  const response = connection.request('GET /')
  await connection.until(() => connection.received.length > 0)
  connection.pause()
  await settle()
  truncateSync(file.path, 1000)
  connection.resume()
  assert.equal((await response).complete, false)
  await connection.ended()
  assert.equal(logger.of('error').length, 1)
})

test('FileTransfer sends HEAD, 204 and 304 without the file', async () => {
  const file = fileOf('hello')
  const head = await serveFile(file).port.request('HEAD /')
  assert.equal(head.headers['content-length'], '5')
  for (const status of [204, 304]) {
    const { port, pool } = serveFile(file, [], status)
    const connection = port.connect()
    assert.equal((await connection.request('GET /')).status, status)
    assert.equal((await connection.request('GET /')).status, status)
    assert.deepEqual(pool.jobs[0]?.filesTaken, [true])
  }
})

test('FileTransfer notices a small file that became shorter than Content-Length allows', async () => {
  const file = { ...fileOf('hello'), size: 50 }
  const { port } = serveFile(file, ['Content-Length', '50'])
  assert.equal((await port.request('GET /')).complete, false)
})

test('FileTransfer leaves a failure of close() after the file to the log', async () => {
  const { port, logger } = serveWSGI((job) => {
    job.sink.respondFile({ status: 200, reason: 'OK', headers: [] }, fileOf('hello'))
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', 'close() failed'))
  })
  assert.equal((await port.request('GET /')).text, 'hello')
  assert.equal(logger.of('error').length, 1)
})

for (const [title, wrong] of [
  ['is gone', (file: FileResponse) => ({ ...file, path: `${file.path}-gone` })],
  ['was replaced by another', (file: FileResponse) => ({ ...file, ino: file.ino + 1n })],
  ['is on another device', (file: FileResponse) => ({ ...file, dev: file.dev + 1n })],
  ['is a directory', (file: FileResponse) => ({ ...file, path: directory })],
] as const) {
  test(`FileTransfer lets the host stream when the file ${title}`, async () => {
    const { port, pool } = serveWSGI((job) => {
      job.fileTaken = (taken) => {
        job.filesTaken.push(taken)
        job.sink.data(Buffer.from('from the '))
        job.sink.data(Buffer.from('host'))
        job.sink.finished(undefined)
      }
      job.sink.respondFile({ status: 200, reason: 'OK', headers: [] }, wrong(fileOf('hello')))
    })
    const response = await port.request('GET /')
    assert.equal(response.text, 'from the host')
    assert.equal(response.complete, true)
    assert.deepEqual(pool.jobs[0]?.filesTaken, [false])
  })
}

test('FileTransfer answers 502 when the host died before its file could be opened', async () => {
  const { port } = serveWSGI((job) => {
    job.sink.respondFile({ status: 200, reason: 'OK', headers: [] }, { ...fileOf('x'), path: '/nonexistent' })
    job.sink.finished(new PlaitError('PLAIT_HOST_LOST', 'died', { status: 502 }))
  })
  assert.equal((await port.request('GET /')).status, 502)
})

test('FileTransfer answers invalid headers with 500', async () => {
  const { port, pool } = serveFile(fileOf('x'), ['Connection', 'close'])
  assert.equal((await port.request('GET /')).status, 500)
  assert.deepEqual(pool.jobs[0]?.filesTaken, [true])
})

test('FileTransfer holds two buffers for a client that reads nothing, and stops when it goes', async () => {
  const file = fileOf(Buffer.alloc(20_000_000))
  const { port, pool } = serveFile(file)
  const before = process.memoryUsage().arrayBuffers
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await connection.until(() => connection.received.length > 0)
  connection.pause()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(process.memoryUsage().arrayBuffers - before < 5_000_000)
  connection.reset()
  await settle()
  assert.deepEqual(pool.jobs[0]?.filesTaken, [true])
})

test('FileTransfer tells the host to close its copy when the client went before the file was open', async () => {
  let job: MemoryJob | undefined
  const file = fileOf('hello')
  const { port } = serveWSGI((given) => {
    job = given
  })
  const connection = port.connect()
  void connection.request('GET /').catch(() => undefined)
  await until(() => job !== undefined)
  connection.reset()
  await until(() => job?.abandoned === 1)
  job?.sink.respondFile({ status: 200, reason: 'OK', headers: [] }, file)
  await settle()
  assert.deepEqual(job?.filesTaken, [true])
})
