/** Errors, output, threads: PEP 3333, "Error Handling" and "Thread Support", and what hosts must outlive. */
import { existsSync, writeFileSync, writeSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import vm from 'node:vm'
import { answer, gateOpened, LookupError, note, query, sharedFile, sleep, text, type Applications } from './registry.ts'

/** Cannot be shown. */
class Unspeakable extends Error {
  override get name(): string {
    throw new Error('no name')
  }
  override get message(): string {
    throw new Error('no text')
  }
  override toString(): string {
    throw new Error('no text')
  }
}

function recurse(): number {
  return recurse() + 1
}

const failures: Readonly<Record<string, () => unknown>> = {
  plain: () => new LookupError('a mishap \u00e9€'),
  interrupt: () => new DOMException('a mishap', 'AbortError'),
  memory: () => 'x'.repeat(2 ** 30),
  recursion: recurse,
  'generator-exit': () => vm.runInNewContext('(raise) => raise(Error)')((Other: typeof Error) => new Other('of another world')),
  group: () => new AggregateError([new LookupError('one'), new LookupError('two')], 'a mishap of two'),
  os: () => Object.assign(new Error('EPIPE: broken pipe, write'), { code: 'EPIPE', syscall: 'write' }),
  cause: () => new Error('a mishap', { cause: new LookupError('the reason') }),
  unspeakable: () => new Unspeakable(),
  huge: () => new Error('x'.repeat(5_000_000)),
  text: () => 'a mishap that is text',
  undefined: () => undefined,
  null: () => null,
  object: () => ({ mishap: true }),
  bare: () => Object.create(null) as object,
  symbol: () => Symbol('a mishap'),
}

function raise(kind: string | undefined): never {
  if (kind === 'exit') process.exit(3)
  throw (failures[kind ?? 'plain'] ?? (failures['plain'] as () => unknown))()
}

function* blocks({ at, kind }: Record<string, string>): Generator<string> {
  if (at === 'later') yield 'begun'
  raise(kind)
}

let seen = 0

export const troubleApps: Applications = {
  /** At once, after startResponse, at the first next, or after output. */
  raises(environ, startResponse) {
    const asked = query(environ)
    if (asked['at'] === 'call') raise(asked['kind'])
    startResponse('200 OK', [['X-Mine', '1'], ...text()])
    if (asked['at'] === 'started') raise(asked['kind'])
    return blocks(asked)
  },

  prints(environ, startResponse) {
    const { word } = query(environ)
    console.log(word, 'printed')
    process.stderr.write(`${word} to stderr\n`)
    console.warn('%s logged', word)
    startResponse('200 OK', text())
    return ['ok']
  },

  'prints-raw'(environ, startResponse) {
    writeSync(1, `${query(environ)['word']} raw\n`)
    startResponse('200 OK', text())
    return ['ok']
  },

  /** Works until its client has gone. */
  gone(environ, startResponse) {
    const disconnected = (): string => (environ['plait.client_disconnected']() ? 'True' : 'False')
    note(environ, `before ${disconnected()}`)
    const deadline = performance.now() + 20_000
    while (!environ['plait.client_disconnected']() && performance.now() < deadline) sleep(2)
    note(environ, `after ${disconnected()}`)
    startResponse('200 OK', text())
    return ['too late']
  },

  /** Leaves its thread free for what another request has left behind. */
  async 'answers-late'(environ, startResponse) {
    await gateOpened(environ)
    startResponse('200 OK', text())
    return ['late']
  },

  /** Node has no such thing. */
  forks(_environ, startResponse) {
    return answer(startResponse, (process as unknown as { fork(): number }).fork())
  },

  /** Never lets go of its thread by itself, until `busy-stop`. */
  busy(environ, startResponse) {
    note(environ, 'begun')
    const stopped = sharedFile(query(environ)['of'] as string, 'stopped')
    const deadline = performance.now() + 20_000
    while (!existsSync(stopped) && performance.now() < deadline);
    startResponse('200 OK', text())
    return [existsSync(stopped) ? 'stopped' : 'ran out']
  },

  'busy-stop'(environ, startResponse) {
    writeFileSync(sharedFile(query(environ)['of'] as string, 'stopped'), '')
    startResponse('200 OK', text())
    return ['ok']
  },

  /** Gives its number back, from a thread of its own. */
  numbered(environ, startResponse) {
    const body = environ['wsgi.input'].read().toString()
    sleep(1)
    return answer(startResponse, { n: query(environ)['n'], body, thread: threadId, threads: ++seen })
  },

  /** Call, iteration and close() of one request in one thread. */
  'calls-in-thread'(environ, startResponse) {
    const threads = [threadId]
    startResponse('200 OK', text())
    return {
      *[Symbol.iterator]() {
        threads.push(threadId)
        yield 'a'
        threads.push(threadId)
        yield 'b'
      },
      close() {
        threads.push(threadId)
        note(environ, `${new Set(threads).size} of ${threads.length}`)
      },
    }
  },
}
