// A WSGI application in TypeScript: PEP 3333, in worker threads. It may block: other requests have threads of their own.
import type { Environ, StartResponse } from 'plait'

export function application(environ: Environ, startResponse: StartResponse): Iterable<string> | AsyncIterable<string> {
  switch (environ.PATH_INFO) {
    case '':
    case '/':
      startResponse('200 OK', [['Content-Type', 'text/plain']])
      return ['Hello, world!\n']
    case '/count':
      startResponse('200 OK', [['Content-Type', 'text/plain; charset=utf-8']])
      return count(environ)
    case '/prime':
      startResponse('200 OK', [['Content-Type', 'text/plain']])
      return [`${nextPrime(Number(environ.QUERY_STRING) || 1_000_000_000)}\n`]
    case '/clock':
      startResponse('200 OK', [['Content-Type', 'text/event-stream']])
      return clock()
    default:
      startResponse('404 Not Found', [['Content-Type', 'text/plain']])
      return ['There is no such page.\n']
  }
}

/** Reads the body line by line. `wsgi.input` waits for the client, and nobody else waits with it. */
function* count(environ: Environ): Iterable<string> {
  let lines = 0
  for (const line of environ['wsgi.input']) {
    lines++
    yield `${lines}: ${line.length} bytes\n`
  }
  yield `${lines} lines\n`
}

/** Computes. The server goes on meanwhile. */
function nextPrime(from: number): number {
  for (let candidate = from; ; candidate++) if (isPrime(candidate)) return candidate
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false
  return number > 1
}

/** Server-sent events. When the client leaves, the generator ends. */
async function* clock(): AsyncIterable<string> {
  for (;;) {
    yield `data: ${new Date().toISOString()}\n\n`
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
