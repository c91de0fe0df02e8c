/** Results: PEP 3333, "Specification Details", "Handling the Content-Length Header", "Buffering and Streaming". */
import { Readable } from 'node:stream'
import type { Environ, ResponseBody } from 'plait'
import { gateOpened, LookupError, note, openGate, query, text, type Applications } from './registry.ts'

const bytes = (content: string): Buffer => Buffer.from(content)
const abc = (): Buffer[] => [bytes('a'), bytes('b'), bytes('c')]

/** Blocks with a close() that is counted. */
class Closing {
  readonly #environ: Environ
  readonly #blocks: Iterable<Uint8Array>
  readonly #raises: boolean

  constructor(environ: Environ, blocks: Iterable<Uint8Array>, raises = false) {
    this.#environ = environ
    this.#blocks = blocks
    this.#raises = raises
  }

  [Symbol.iterator](): Iterator<Uint8Array> {
    return this.#blocks[Symbol.iterator]()
  }

  close(): void {
    note(this.#environ, 'close')
    if (this.#raises) throw new LookupError('raised by close')
  }
}

/** An iterator that is no generator and knows no length. */
class Blocks {
  readonly #left = [bytes('c'), bytes('b'), bytes('a')];

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Buffer> {
    const value = this.#left.pop()
    return value === undefined ? { done: true, value } : { done: false, value }
  }
}

/** Another kind of array. */
class List extends Array<Buffer> {}

function* generate<T>(blocks: Iterable<T>): Generator<T> {
  yield* blocks
}

async function* generateLater<T>(blocks: Iterable<T>): AsyncGenerator<T> {
  for (const block of blocks) {
    await new Promise((resolve) => setImmediate(resolve))
    yield block
  }
}

/** Iterable, and its iterator can do nothing but `next`. */
function onlyNext(blocks: Buffer[]): Iterable<Buffer> {
  const iterator = blocks[Symbol.iterator]()
  return { [Symbol.iterator]: () => ({ next: () => iterator.next() }) }
}

const results: Readonly<Record<string, () => unknown>> = {
  list: abc,
  tuple: () => Object.freeze(abc()),
  generator: () => generate(abc()),
  iterator: () => new Blocks(),
  getitem: () => onlyNext(abc()),
  map: () => new Map(abc().entries()).values(),
  set: () => new Set([bytes('abc')]),
  subclass: () => List.from(abc()),
  holes: () => ['', 'a', '', 'bc', ''].map(bytes),
  'generator-holes': () => generate(['', 'a', '', 'bc', ''].map(bytes)),
  one: () => [bytes('abc')],
  'one-tuple': () => Object.freeze([bytes('abc')]),
  uint8: () => [new Uint8Array([97, 98]), new Uint8Array([0, 99, 0]).subarray(1, 2)],
  text: () => ['abc'],
  string: () => 'abc',
  'text-generator': () => generate(['a', 'b', 'c']),
  mixed: () => ['a', bytes('b'), new Uint8Array([99])],
  promise: () => Promise.resolve(abc()),
  'promise-string': () => Promise.resolve('abc'),
  'promise-generator': () => Promise.resolve(generate(abc())),
  'async-generator': () => generateLater(abc()),
  'async-text': () => generateLater(['a', 'b', 'c']),
  'promise-async': () => Promise.resolve(generateLater(abc())),
  stream: () => Readable.from(abc()),

  'empty-list': () => [],
  'empty-tuple': () => Object.freeze([]),
  'empty-generator': () => generate([]),
  'empty-block': () => [bytes('')],
  'empty-blocks': () => generate([bytes(''), bytes('')]),
  'empty-text': () => [''],
  'empty-string': () => '',
  'empty-async': () => generateLater([]),
  'empty-async-blocks': () => generateLater(['', '']),

  'large-one': () => [bytes('x'.repeat(300_000))],
  'large-many': () => ['x', 'y', 'z'].map((letter) => bytes(letter.repeat(100_000))),

  bytes: () => bytes('abc'),
  buffer: () => new ArrayBuffer(3),
  none: () => undefined,
  null: () => null,
  number: () => 5,
  object: () => ({ 0: 'abc', length: 1 }),
  'none-block': () => [undefined],
  'null-block': () => generate([null]),
  'number-block': () => [5],
  'number-second': () => ['a', 5],
  'nested-block': () => [['abc']],
  'buffer-block': () => [new ArrayBuffer(3)],
  'view-block': () => generate([new DataView(new ArrayBuffer(3))]),
  'words-block': () => [new Uint16Array(3)],
  'promise-block': () => [Promise.resolve('abc')],
  'promise-none': () => Promise.resolve(),
  'async-number': () => generateLater([5]),
}

function resultOf(kind: string | undefined): ResponseBody {
  return (results[kind as string] as () => ResponseBody)()
}

function* raising(blocks: Buffer[]): Generator<Buffer> {
  yield* blocks
  throw new LookupError('raised while iterated')
}

function* endless(): Generator<Buffer> {
  for (;;) yield bytes('x'.repeat(65_536))
}

function* inThrees(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 3) yield body.subarray(at, at + 3)
}

const closings: Readonly<Record<string, () => Iterable<Uint8Array>>> = {
  normal: () => [bytes('a'), bytes('b')],
  empty: () => [],
  'raise-first': () => raising([]),
  'raise-later': () => raising([bytes('begun')]),
  text: () => [5 as never],
  endless,
}

export const bodyApps: Applications = {
  result(environ, startResponse) {
    startResponse('200 OK', text())
    return resultOf(query(environ)['kind'])
  },

  closing(environ, startResponse) {
    startResponse('200 OK', text())
    return new Closing(environ, (closings[query(environ)['kind'] as string] as () => Iterable<Uint8Array>)())
  },

  /** Its finally clause runs when it is closed. */
  *'closing-generator'(environ, startResponse) {
    startResponse('200 OK', text())
    try {
      yield bytes('begun')
      yield* endless()
    } finally {
      note(environ, 'finally')
    }
  },

  'close-raises'(environ, startResponse) {
    startResponse('200 OK', text())
    return new Closing(environ, 'begun' in query(environ) ? [bytes('a')] : [], true)
  },

  'close-without-start': (environ) => new Closing(environ, [bytes('body')]),

  /** The head comes with the first block that is not empty, and each block at once. */
  *gated(environ, startResponse) {
    startResponse('200 OK', text())
    yield ''
    note(environ, 'waits')
    openGate(environ)
    yield 'first'
    openGate(environ)
    yield 'second'
  },

  /** Several blocks one right behind the other, then nothing until the gate opens. */
  *'gated-burst'(environ, startResponse) {
    startResponse('200 OK', text())
    yield* ['first ', 'second ', 'third ', 'fourth ']
    openGate(environ)
    yield 'last'
  },

  'gated-write'(environ, startResponse) {
    const write = startResponse('200 OK', text())
    write(bytes('first'))
    openGate(environ)
    return [bytes('second')]
  },

  /** `declared` bytes by Content-Length, `gives` by the body, as `kind`. */
  length(environ, startResponse) {
    const { declared = '', gives, kind, status = '200 OK' } = query(environ)
    startResponse(status, [...text(), ['Content-Length', declared]])
    const body = bytes('x'.repeat(Number(gives)))
    return kind === 'list' ? [body] : new Closing(environ, inThrees(body))
  },

  'write-length'(environ, startResponse) {
    const { declared = '', gives } = query(environ)
    startResponse('200 OK', [...text(), ['Content-Length', declared]])(bytes('x'.repeat(Number(gives))))
    return []
  },

  /** A body where none may be. */
  bodyless(environ, startResponse) {
    const { line = '', length, kind } = query(environ)
    startResponse(line, length === undefined ? text() : [...text(), ['Content-Length', length]])
    const blocks = [bytes('must not be seen'), bytes('nor this')]
    return kind === 'list' ? blocks.slice(0, 1) : new Closing(environ, blocks)
  },

  'gated-closing'(environ, startResponse) {
    startResponse('200 OK', text())
    const blocks = function* (): Generator<Buffer> {
      note(environ, 'waits')
      openGate(environ)
      yield bytes('for nobody')
      yield bytes('for nobody either')
    }
    return new Closing(environ, blocks())
  },

  /** What the application left behind writes when the response is over. */
  'writes-later'(environ, startResponse) {
    const write = startResponse('200 OK', text())
    void gateOpened(environ).then(() => {
      for (let turn = 0; turn < 10; turn++) {
        try {
          write(bytes('too late '))
        } catch {
          // Refused is as well as ignored.
        }
      }
      note(environ, 'written')
    })
    return resultOf(query(environ)['kind'])
  },
}
