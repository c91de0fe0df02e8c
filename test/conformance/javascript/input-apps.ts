/** Request bodies: PEP 3333, "Input and Error Streams". */
import { createHash } from 'node:crypto'
import type { InputStream } from 'plait'
import { answer, note, query, text, type Applications } from './registry.ts'

/** What `read` gives until it gives nothing. */
function pieces(read: () => Buffer): Buffer[] {
  const all: Buffer[] = []
  for (let piece = read(); piece.length > 0; piece = read()) all.push(piece)
  return all
}

async function piecesLater(read: () => Promise<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = []
  for (let piece = await read(); piece.length > 0; piece = await read()) all.push(piece)
  return all
}

async function all(blocks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const found: Buffer[] = []
  for await (const block of blocks) found.push(block)
  return found
}

const readers: Readonly<Record<string, (stream: InputStream) => Buffer[] | Promise<Buffer[]>>> = {
  read: (stream) => [stream.read()],
  'read-none': (stream) => [stream.read(undefined)],
  'read-minus': (stream) => [stream.read(-1)],
  'read-7': (stream) => pieces(() => stream.read(7777)),
  'read-zero': (stream) => [stream.read(0), stream.read(5), stream.read(0), stream.read()],
  readline: (stream) => pieces(() => stream.readline()),
  'readline-n': (stream) => pieces(() => stream.readline(50)),
  readlines: (stream) => stream.readlines(),
  'readlines-hint': (stream) => pieces(() => Buffer.concat(stream.readlines(1000))),
  iteration: (stream) => [...stream],
  'for-next': (stream) => pieces(() => (stream[Symbol.iterator]().next().value as Buffer | undefined) ?? Buffer.alloc(0)),
  mixed: (stream) => [stream.read(3), stream.readline(), stream.readline(4), stream.read(10), ...stream],
  'async-read': async (stream) => [await stream.readAsync()],
  'async-7': (stream) => piecesLater(() => stream.readAsync(7777)),
  'async-zero': async (stream) => [await stream.readAsync(0), await stream.readAsync(5), await stream.readAsync()],
  'async-iteration': (stream) => all(stream),
  'async-mixed': async (stream) => [
    await stream.readAsync(3),
    stream.readline(),
    await stream.readAsync(10),
    ...(await all(stream)),
  ],
}

/** What a test can compare without the bytes themselves. */
function summary(found: Buffer[], stream: InputStream): Record<string, unknown> {
  const body = Buffer.concat(found)
  return {
    size: body.length,
    digest: createHash('sha256').update(body).digest('hex'),
    count: found.length,
    sizes: found.slice(0, 5).map(({ length }) => length),
    types: [...new Set(found.map((piece) => (Buffer.isBuffer(piece) ? 'bytes' : typeof piece)))],
    after: [stream.read(), stream.read(4), stream.readline()].map((piece) => piece.toString('latin1')),
    afterLines: stream.readlines().length,
  }
}

/** Waits only where the reader does: the others are read within the call. */
const read: Applications[string] = (environ, startResponse) => {
  const stream = environ['wsgi.input']
  const report = (found: Buffer[]): Buffer[] =>
    answer(startResponse, {
      ...summary(found, stream),
      length: environ.CONTENT_LENGTH,
      coding: environ['HTTP_TRANSFER_ENCODING'] ?? null,
      terminated: environ['wsgi.input_terminated'],
    })
  const found = (readers[query(environ)['with'] as string] as (from: InputStream) => Buffer[] | Promise<Buffer[]>)(stream)
  return found instanceof Promise ? found.then(report) : report(found)
}

export const inputApps: Applications = {
  read,

  /** Answers without a look at the body. */
  unread(_environ, startResponse) {
    startResponse('200 OK', text())
    return ['not read']
  },

  /** Notes that it was called and what became of reading. */
  'body-error'(environ, startResponse) {
    note(environ, 'called')
    try {
      environ['wsgi.input'].read()
      note(environ, 'whole')
    } catch {
      note(environ, 'broken off')
    }
    startResponse('200 OK', text())
    return ['ok']
  },

  /** The same, waiting without blocking. */
  async 'body-error-later'(environ, startResponse) {
    note(environ, 'called')
    try {
      await environ['wsgi.input'].readAsync()
      note(environ, 'whole')
    } catch {
      note(environ, 'broken off')
    }
    startResponse('200 OK', text())
    return ['ok']
  },

  /** The environ is the application's: the server's own stream is the server's affair. */
  'input-replaced'(environ, startResponse) {
    ;(environ as Record<string, unknown>)['wsgi.input'] = undefined
    startResponse('200 OK', text())
    return ['ok']
  },

  /** Sends each line when it has come: only for streamed bodies. */
  *'echo-stream'(environ, startResponse) {
    startResponse('200 OK', text())
    for (const line of environ['wsgi.input']) yield line.toString('latin1').toUpperCase()
  },

  /** The same, waiting without blocking. */
  async *'echo-later'(environ, startResponse) {
    startResponse('200 OK', text())
    for await (const block of environ['wsgi.input']) yield block.toString('latin1').toUpperCase()
  },

  errors(environ, startResponse) {
    const stream = environ['wsgi.errors']
    const { word } = query(environ)
    stream.write(`${word} written\n`)
    stream.writelines([`${word} line one\n`, `${word} line two\n`])
    stream.write(`${word} caf\u00e9 \u20ac \udc80\n`)
    stream.flush()
    const kinds: string[] = []
    for (const wrong of [() => stream.write(Buffer.from('bytes') as never), () => stream.write(undefined as never)]) {
      kinds.push(nameOfError(wrong))
    }
    kinds.push(nameOfError(() => stream.write(5 as never)))
    kinds.push(nameOfError(() => stream.writelines([Buffer.from('bytes') as never])))
    return answer(startResponse, kinds)
  },

  /** Reads in ways that the validator allows. */
  'validated-read'(environ, startResponse) {
    const stream = environ['wsgi.input']
    const found = query(environ)['with'] === 'iteration' ? [...stream] : pieces(() => stream.read(7777))
    startResponse('200 OK', text())
    return [String(found.reduce((size, { length }) => size + length, 0))]
  },
}

function nameOfError(failing: () => void): string {
  try {
    failing()
    return 'none'
  } catch (error) {
    return (error as Error).name
  }
}
