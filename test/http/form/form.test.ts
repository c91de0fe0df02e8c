import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { FormFile } from '#src/http/form/form-file.ts'
import type { FormOptions } from '#src/http/form/form-options.ts'
import type { Request } from '#src/http/request.ts'
import { listen, serveLeaf } from '../leaf.ts'
import { until } from '../../support/until.ts'

const MB = 1024 * 1024

/** The private files that this process has for bodies now. */
function spooled(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`plait-${process.pid}-`))
    .flatMap((name) => readdirSync(path.join(tmpdir(), name)))
}

/** Answers with what came, as JSON. */
async function told(request: Request, options?: FormOptions): Promise<string> {
  const form = await request.form(options)
  const describe = async (file: FormFile): Promise<unknown> => [
    file.name,
    file.type,
    file.size,
    file.size > MB ? '' : await file.text(),
  ]
  const files = await Promise.all([...form.files].map(async ([name, all]) => [name, await Promise.all(all.map(describe))]))
  return JSON.stringify([[...form.fields], files])
}

async function post(
  t: TestContext,
  body: string | URLSearchParams | FormData,
  options?: FormOptions,
  headers: Record<string, string> = {},
) {
  const { url, logger } = await listen(t, (request) => told(request, options))
  const response = await fetch(url, { method: 'POST', body, headers })
  return { status: response.status, text: await response.text(), logger }
}

test('Request.form reads fields of a form without files (B77)', async (t) => {
  const body = new URLSearchParams([
    ['a', '1'],
    ['b', 'ä & b'],
    ['a', '2'],
    ['__proto__', 'x'],
    ['c', ''],
  ])
  const { text } = await post(t, body)
  const fields = [
    ['a', ['1', '2']],
    ['b', ['ä & b']],
    ['__proto__', ['x']],
    ['c', ['']],
  ]
  assert.deepEqual(JSON.parse(text), [fields, []])
})

test('Request.form reads fields and files, with names and types (B77)', async (t) => {
  const body = new FormData()
  body.append('a', '1')
  body.append('größe', 'ä"\r\nb')
  body.append('a', '2')
  body.append('f', new File(['hello'], 'C:\\dir\\ü "x".txt', { type: 'text/plain' }))
  body.append('f', new File([Buffer.alloc(100_000, 'y')], '../../etc/passwd'))
  const { text } = await post(t, body)
  const [fields, files] = JSON.parse(text) as [unknown, [string, [string, string, number, string][]][]]
  assert.deepEqual(fields, [
    ['a', ['1', '2']],
    ['größe', ['ä"\r\nb']],
  ])
  assert.deepEqual(
    files.map(([name, all]) => [name, all.map(([file, type, size]) => [file, type, size])]),
    [
      [
        'f',
        [
          ['ü "x".txt', 'text/plain', 5],
          ['passwd', 'application/octet-stream', 100_000],
        ],
      ],
    ],
  )
  assert.deepEqual([files[0]?.[1][0]?.[3], files[0]?.[1][1]?.[3]?.length], ['hello', 100_000])
})

test('Request.form leaves out a file that nobody chose, and keeps one without a name', async (t) => {
  const part = (name: string, text: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"; filename=""\r\n\r\n${text}\r\n`
  const body = `${part('none', '')}${part('some', 'x')}--b--\r\n`
  const { text } = await post(t, body, {}, { 'Content-Type': 'multipart/form-data; boundary=b' })
  assert.deepEqual(JSON.parse(text), [[], [['some', [['', 'text/plain', 1, 'x']]]]])
})

test('Request.form gives an empty form without a body, and the same form again', async () => {
  const { port } = serveLeaf(async (request) => {
    const form = await request.form()
    assert.equal(await request.form(), form)
    return String([form.fields.size, form.files.size, form.get('a'), form.getFile('a')])
  })
  assert.equal((await port.request('GET /')).text, '0,0,,')
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n'
  assert.equal((await port.request(`${head}a=1&a=2`)).text, '1,0,1,')
})

test('Request.form keeps large files on disk until the request has ended, and no longer', async (t) => {
  let during: string[] = []
  const seen: FormFile[] = []
  const { url } = await listen(t, async (request) => {
    const form = await request.form()
    seen.push(...(form.files.get('f') ?? []))
    during = spooled()
    return String(Buffer.compare(await (seen[0] as FormFile).bytes(), Buffer.alloc(3 * MB, 'z')))
  })
  const body = new FormData()
  body.append('f', new File([Buffer.alloc(3 * MB, 'z')], 'large'))
  body.append('f', new File(['small'], 'small'))
  const response = await fetch(url, { method: 'POST', body })
  assert.equal(await response.text(), '0')
  assert.equal(during.length, 1)
  await until('the file is gone', () => spooled().length === 0)
  for (const file of seen) await assert.rejects(file.bytes(), { code: 'PLAIT_RESOURCE', message: /went with its request/ })
})

test('FormFile.saveTo writes a copy, over another file only when told to', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const target = path.join(folder, 'saved')
  const { url } = await listen(t, async (request) => {
    const file = (await request.form()).getFile('f') as FormFile
    await file.saveTo(target)
    await assert.rejects(file.saveTo(target), { code: 'EEXIST' })
    await file.saveTo(target, { overwrite: true })
    return 'saved'
  })
  for (const size of [10, 2 * MB]) {
    const body = new FormData()
    body.append('f', new File([Buffer.alloc(size, 'z')], 'name'))
    assert.equal(await (await fetch(url, { method: 'POST', body })).text(), 'saved')
    assert.deepEqual(readFileSync(target), Buffer.alloc(size, 'z'))
    rmSync(target)
  }
})

function formOf(fields: number, files: number, size = 10): FormData {
  const body = new FormData()
  for (let index = 0; index < fields; index++) body.append(`a${index}`, 'x'.repeat(size))
  for (let index = 0; index < files; index++) body.append(`f${index}`, new File(['x'.repeat(size)], 'name'))
  return body
}

test('Request.form refuses with 413 what is more than its limits, and keeps nothing', async (t) => {
  const urlencoded = new URLSearchParams({ a: '1', b: '2', c: '3' })
  const cases: [options: FormOptions, body: string | URLSearchParams | FormData, why: RegExp][] = [
    [{ maxFields: 2 }, urlencoded, /more than 2 fields/],
    [{ maxFields: 2 }, formOf(3, 0), /more than 2 fields/],
    [{ maxFieldSize: 9 }, formOf(1, 0), /more than 9 bytes/],
    [{ maxFieldMemory: 20 }, formOf(3, 0), /more than 20 bytes/],
    [{ maxFieldMemory: 10 }, urlencoded, /more than 10 bytes/],
    [{ maxFiles: 2 }, formOf(0, 3), /more than 2 files/],
    [{ maxFiles: 0 }, formOf(0, 1), /more than 0 files/],
    [{ maxFileSize: MB }, formOf(0, 2, 3 * MB), /more than 1048576 bytes/],
    [{ maxBody: 2 * MB }, formOf(0, 1, 3 * MB), /more than 2097152 bytes/],
    [{ maxBody: 10 }, urlencoded, /more than 10 bytes/],
  ]
  for (const [options, body, why] of cases) {
    const { status, text, logger } = await post(t, body, options)
    assert.deepEqual([status, spooled()], [413, []], text)
    assert.match(text, why)
    assert.deepEqual(
      logger.records.map(({ level }) => level),
      ['info'],
    )
  }
  assert.equal((await post(t, formOf(3, 2), { maxFields: 3, maxFiles: 2, maxFieldSize: 10, maxFileSize: 10 })).status, 200)
})

test('Request.form refuses a chunked body that is too large with 413, while it comes', async (t) => {
  const { connect } = await listen(t, (request) => told(request, { maxBody: MB }))
  const client = await connect()
  const type = 'multipart/form-data; boundary=b'
  client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`)
  const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
  client.socket.write(`${head.length.toString(16)}\r\n${head}\r\n`)
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  for (let index = 0; index < 20; index++) client.socket.write(chunk)
  await client.receives(/413 Payload Too Large/)
  await until('nothing is left', () => spooled().length === 0)
})

test('Request.form refuses what cannot be read: 400, or 415 for what is no form', async (t) => {
  const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
  const file = `--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n${'x'.repeat(200_000)}`
  const cases: [status: number, type: string, body: string][] = [
    [400, 'multipart/form-data', part],
    [400, 'multipart/form-data; boundary=', part],
    [400, 'multipart/form-data; boundary=""', part],
    [400, `multipart/form-data; boundary=${'b'.repeat(71)}`, part],
    [400, 'multipart/form-data; boundary=b', part],
    [400, 'multipart/form-data; boundary=b', `${part}--b`],
    [400, 'multipart/form-data; boundary=b', file],
    [400, 'multipart/form-data; boundary=b', `${file}\r\n--b\r\n`],
    [400, 'multipart/form-data; boundary=b', 'nothing at all'],
    [400, 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n'],
    [400, 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n'],
    [415, 'multipart/mixed; boundary=b', part],
    [415, 'application/json', '{}'],
    [200, 'multipart/form-data; boundary=b', `${part}--b--\r\n`],
    [200, 'multipart/form-data; boundary=b', `preamble\r\n${part}--b--\r\nepilogue`],
    [200, 'MULTIPART/Form-Data; BOUNDARY="b"', `${part}--b--`],
    [200, 'multipart/form-data; boundary=b', '--b--\r\n'],
    [200, 'Application/X-WWW-Form-URLEncoded; charset=UTF-8', 'a=x'],
    [200, 'application/x-www-form-urlencoded', '%&=&&%zz'],
  ]
  for (const [status, type, body] of cases) {
    const result = await post(t, body, {}, { 'Content-Type': type })
    assert.equal(result.status, status, `${type}: ${body.slice(0, 90)}: ${result.text}`)
    assert.deepEqual(spooled(), [])
  }
})

test('Request.form: a body without Content-Type is no form', async () => {
  const { port } = serveLeaf((request) => told(request))
  assert.equal((await port.request('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=1')).status, 415)
})

test('Request.form leaves nothing when the client goes in the middle of a file', async (t) => {
  let error: unknown
  const { connect, logger } = await listen(t, async (request) => {
    try {
      return await told(request)
    } catch (caught) {
      error = caught
      throw caught
    }
  })
  const client = await connect()
  const type = 'multipart/form-data; boundary=b'
  client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 9999999\r\n\r\n`)
  client.socket.write(`--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n${'x'.repeat(300_000)}`)
  await until('a file is being written', () => spooled().length === 1)
  client.destroy()
  await until('it is gone', () => spooled().length === 0 && error !== undefined)
  assert.equal((error as { code?: string }).code, 'PLAIT_CLIENT_GONE')
  assert.deepEqual(
    logger.records.filter(({ level }) => level !== 'info'),
    [],
  )
})

test('Request.form takes a file of 100 MB in little memory', async (t) => {
  let most = 0
  const { url } = await listen(t, async (request) => {
    globalThis.gc?.()
    const start = process.memoryUsage().rss
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - start)), 20)
    const form = await request.form()
    clearInterval(timer)
    return String(form.getFile('f')?.size)
  })
  const piece = Buffer.alloc(64 * 1024, 'x')
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n')
    for (let index = 0; index < 1600; index++) yield piece
    yield Buffer.from('\r\n--b--\r\n')
  }
  const init = { method: 'POST', body: body(), duplex: 'half', headers: { 'Content-Type': 'multipart/form-data; boundary=b' } }
  const response = await fetch(url, init as unknown as RequestInit)
  assert.equal(await response.text(), String(1600 * 64 * 1024))
  assert.ok(most < 96 * MB, `${most} bytes more`)
})

test('Request.form says what is wrong with its options', async () => {
  const { port, logger } = serveLeaf((request) => told(request, { maxFields: -1 }))
  assert.equal((await port.request('GET /')).status, 500)
  assert.match(String(logger.records[0]?.fields['error']), /maxFields must be a whole number or Infinity, not -1/)
})
