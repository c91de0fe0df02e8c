/** What only JavaScript has: promises, asynchronous iterables, and iterators with a return(). */
import { gateOpened, LookupError, note, notes, query, text, type Applications } from './registry.ts'

/** Counts the calls of `return`, and of `close` where it has one. */
function counted(
  noting: (line: string) => void,
  values: readonly unknown[],
  { closes = true, fails = '' } = {},
): Iterable<string> {
  let left = values
  const iterator = {
    next(): IteratorResult<string> {
      if (left.length === 0 && fails === 'next') throw new LookupError('raised by next')
      const [value] = left
      if (left.length === 0) return { done: true, value: undefined }
      if (value !== 'endless') left = left.slice(1)
      return { done: false, value: (value === 'endless' ? 'x'.repeat(65_536) : value) as string }
    },
    return(): IteratorResult<string> {
      noting('return')
      if (fails === 'return') throw new LookupError('raised by return')
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.iterator]: () => iterator, ...(closes ? { close: () => noting('close') } : {}) } as Iterable<string>
}

/** The same as an asynchronous iterable. */
function countedLater(blocks: Iterable<string> & { close?(): void }): AsyncIterable<string> {
  const iterator = blocks[Symbol.iterator]()
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => iterator.next(),
      return: async () => (iterator.return as () => IteratorResult<string>)(),
    }),
    ...(blocks.close === undefined ? {} : { close: blocks.close }),
  }
}

const shapes: Readonly<Record<string, readonly unknown[]>> = {
  normal: ['a', 'b'],
  wrong: ['a', 5],
  'wrong-first': [5],
  endless: ['endless'],
}

export const asyncApps: Applications = {
  /** An iterable whose `return` and `close` are counted; `later`: an asynchronous one. */
  returning(environ, startResponse) {
    const { kind = 'normal', fails = '', ...asked } = query(environ)
    if (!('unstarted' in asked)) startResponse('200 OK', text())
    const blocks = counted((line) => note(environ, line), shapes[kind] ?? [], { closes: !('open' in asked), fails })
    return 'later' in asked ? countedLater(blocks) : blocks
  },

  /** Waits for the gate without blocking, then answers with a promise. */
  async 'promised-late'(environ, startResponse) {
    note(environ, 'called')
    await gateOpened(environ)
    startResponse('200 OK', text())
    return ['late']
  },

  /** Starts its response, then waits before its first block, and between blocks. */
  async *'gated-later'(environ, startResponse) {
    startResponse('200 OK', text())
    yield ''
    note(environ, 'waits')
    await gateOpened(environ)
    yield 'first'
    await gateOpened(environ)
    yield 'second'
  },

  /** Nothing comes, and nobody opens a gate: only the departure of the client ends it. */
  'never-later'(environ, startResponse) {
    startResponse('200 OK', text())
    note(environ, 'called')
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<string>>(() => undefined),
        return: async () => {
          note(environ, 'return')
          return { done: true as const, value: undefined }
        },
      }),
      close: () => note(environ, 'close'),
    }
  },

  async *'endless-later'(environ, startResponse) {
    startResponse('200 OK', text())
    try {
      for (;;) yield 'x'.repeat(65_536)
    } finally {
      note(environ, 'finally')
    }
  },

  /** Fails by a promise that is rejected: `call`, `next`, or `later` (after a block). */
  rejects(environ, startResponse) {
    const { at } = query(environ)
    if (at === 'call') return Promise.reject(new LookupError('a rejected mishap'))
    startResponse('200 OK', text())
    const blocks = async function* (): AsyncGenerator<string> {
      if (at === 'later') yield 'begun'
      throw new LookupError('a rejected mishap')
    }
    return blocks()
  },

  /** Calls startResponse when its promise goes on, a second time with an error. */
  async 'starts-late'(_environ, startResponse) {
    await new Promise((resolve) => setImmediate(resolve))
    startResponse('200 OK', text())
    await new Promise((resolve) => setImmediate(resolve))
    const write = startResponse('503 Busy', text(), new LookupError('found out late'))
    write('written ')
    await new Promise((resolve) => setImmediate(resolve))
    write('twice ')
    return 'and given'
  },

  /** Text of more than one byte for each letter, in every way. */
  letters(environ, startResponse) {
    const word = 'na\u00efve \u20ac \u{1f600} '
    const write = startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']])
    if ('write' in query(environ)) write(word)
    return [word, Buffer.from(word), word]
  },

  /** Fails behind the back of a request: `uncaught` in a timer, `unhandled` by a promise that nobody looks at. */
  async 'fails-aside'(environ, startResponse) {
    const fail = (): never => {
      throw new LookupError('nobody caught this')
    }
    if (query(environ)['kind'] === 'uncaught') setTimeout(fail, 0)
    else void Promise.resolve().then(fail)
    await new Promise((resolve) => setTimeout(resolve, 20_000).unref())
    startResponse('200 OK', text())
    return ['not reached']
  },

  /** Ends its thread when it runs for the first time. */
  'exits-once'(environ, startResponse) {
    note(environ, 'called')
    if (notes(query(environ)['of'] as string).length === 1) process.exit(3)
    startResponse('200 OK', text())
    return ['answered']
  },

  /** Ends its thread, after output too. */
  *exits(environ, startResponse) {
    const { at } = query(environ)
    startResponse('200 OK', text())
    if (at === 'later') yield 'begun'
    process.exit(3)
  },
}
