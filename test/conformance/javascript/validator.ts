/** A validator of PEP 3333 as it is carried over: stands between server and application and watches both. */
import { AssertionError } from 'node:assert'
import type { Environ, ErrorStream, InputStream, ResponseBody, StartResponse, WSGIApplication, Write } from 'plait'

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new AssertionError({ message: what })
}

function isText(value: unknown): value is string {
  // eslint-disable-next-line no-control-regex
  return typeof value === 'string' && /^[\0-\xff]*$/.test(value)
}

/** The same application, watched. */
export function validator(application: WSGIApplication): WSGIApplication {
  check(typeof application === 'function', 'an application is a function')
  return (...given: unknown[]) => {
    check(given.length === 2, `the server called the application with ${given.length} arguments`)
    const [environ, startResponse] = given as [Environ, StartResponse]
    checkEnviron(environ)
    const exchange = new WatchedExchange(startResponse)
    environ['wsgi.input'] = new WatchedInput(environ['wsgi.input'])
    environ['wsgi.errors'] = new WatchedErrors(environ['wsgi.errors'])
    const result = application(environ, exchange.startResponse)
    return isPromise(result) ? result.then((body) => exchange.watch(body)) : exchange.watch(result)
  }
}

function isPromise(value: ResponseBody | Promise<ResponseBody>): value is Promise<ResponseBody> {
  return value instanceof Promise
}

const required = ['REQUEST_METHOD', 'SERVER_NAME', 'SERVER_PORT', 'wsgi.version', 'wsgi.input', 'wsgi.errors']
required.push('wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once', 'wsgi.url_scheme')

function checkEnviron(environ: Environ): void {
  check(
    Object.getPrototypeOf(environ) === Object.prototype || Object.getPrototypeOf(environ) === null,
    'environ is a plain object',
  )
  for (const key of required) check(Object.hasOwn(environ, key), `environ has no ${key}`)
  for (const key of ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH']) check(!(key in environ), `environ has ${key}`)
  for (const [key, value] of Object.entries(environ)) check(key.includes('.') || isText(value), `${key} is no latin-1 text`)
  const version: unknown = environ['wsgi.version']
  check(Array.isArray(version) && version.length === 2, 'wsgi.version is a pair')
  check(['http', 'https'].includes(environ['wsgi.url_scheme']), 'wsgi.url_scheme is http or https')
  for (const key of ['wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once']) check(typeof environ[key] === 'boolean', key)
  for (const name of ['read', 'readline', 'readlines', Symbol.iterator, Symbol.asyncIterator] as const)
    check(typeof environ['wsgi.input'][name as 'read'] === 'function', `wsgi.input has no ${String(name)}`)
  for (const name of ['write', 'writelines', 'flush'] as const)
    check(typeof environ['wsgi.errors'][name] === 'function', `wsgi.errors has no ${name}`)
  checkPaths(environ)
}

function checkPaths({ SCRIPT_NAME, PATH_INFO, CONTENT_LENGTH, REQUEST_METHOD }: Environ): void {
  check(SCRIPT_NAME === '' || SCRIPT_NAME.startsWith('/'), `SCRIPT_NAME begins with a slash: ${SCRIPT_NAME}`)
  check(SCRIPT_NAME !== '/', 'SCRIPT_NAME is never a slash alone')
  check(PATH_INFO === '' || PATH_INFO.startsWith('/'), `PATH_INFO begins with a slash: ${PATH_INFO}`)
  check(/^\d*$/.test(CONTENT_LENGTH), `CONTENT_LENGTH is a number: ${CONTENT_LENGTH}`)
  check(REQUEST_METHOD !== '', 'REQUEST_METHOD is empty')
}

function checkHead(status: unknown, headers: unknown): void {
  check(
    typeof status === 'string' && /^[1-5]\d\d .+/.test(status),
    `a status is three digits, a space and a reason: ${String(status)}`,
  )
  check(Array.isArray(headers), 'headers are an array')
  let hasType = false
  for (const header of headers as unknown[]) {
    check(Array.isArray(header) && header.length === 2, 'a header is a pair')
    const [name, value] = header as [unknown, unknown]
    check(isText(name) && /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/.test(name), `a header name is a token: ${String(name)}`)
    check(name.toLowerCase() !== 'status', 'the status is no header')
    // eslint-disable-next-line no-control-regex
    check(isText(value) && !/[\0-\x08\x0a-\x1f\x7f]/.test(value), `the value of ${name} has control characters`)
    if (name.toLowerCase() === 'content-type') hasType = true
  }
  if (!/^(?:1|204|304)/.test(status)) check(hasType, `a response ${status} has a Content-Type`)
}

/** The calls of one request. */
class WatchedExchange {
  readonly #startResponse: StartResponse
  #started = false

  constructor(startResponse: StartResponse) {
    check(typeof startResponse === 'function', 'startResponse is a function')
    this.#startResponse = startResponse
  }

  readonly startResponse: StartResponse = (...given) => {
    check(given.length === 2 || given.length === 3, `startResponse was called with ${given.length} arguments`)
    const [status, headers, error] = given
    checkHead(status, headers)
    check(!this.#started || (error !== undefined && error !== null), 'startResponse was called twice without an error')
    this.#started = true
    const write: unknown = this.#startResponse(...given)
    check(typeof write === 'function', 'startResponse gives write')
    return (...data) => {
      check(data.length === 1, 'write takes one block')
      this.#checkBlock(data[0])
      const gave: unknown = (write as Write)(data[0])
      check(gave === undefined, 'write gives nothing')
    }
  }

  #checkBlock(block: unknown): void {
    check(typeof block === 'string' || block instanceof Uint8Array, 'a block is bytes or text')
    check(this.#started, 'a block came before startResponse was called')
  }

  watch(body: ResponseBody): ResponseBody {
    check(body !== undefined && body !== null, 'the application gives a body')
    check(typeof body !== 'string', 'a string as a body is iterated letter by letter: give an array with it')
    const close = (): void => (body as { close?(): void }).close?.()
    if (Symbol.iterator in body) return new WatchedBody(body, (block) => this.#checkBlock(block), close)
    return body
  }
}

/** A body that is iterated once, and closed once. */
class WatchedBody implements Iterable<Uint8Array | string> {
  readonly #body: Iterable<Uint8Array | string>
  readonly #checkBlock: (block: unknown) => void
  readonly #close: () => void
  #iterated = false
  #closed = false

  constructor(body: Iterable<Uint8Array | string>, checkBlock: (block: unknown) => void, close: () => void) {
    this.#body = body
    this.#checkBlock = checkBlock
    this.#close = close
  }

  *[Symbol.iterator](): Generator<Uint8Array | string> {
    check(!this.#iterated, 'the server iterated a body twice')
    this.#iterated = true
    for (const block of this.#body) {
      check(!this.#closed, 'the server went on after close()')
      this.#checkBlock(block)
      yield block
    }
  }

  close(): void {
    check(!this.#closed, 'the server closed a body twice')
    this.#closed = true
    this.#close()
  }
}

/** wsgi.input, used as PEP 3333 allows it. */
class WatchedInput implements InputStream {
  readonly #input: InputStream

  constructor(input: InputStream) {
    this.#input = input
  }

  read(...size: [number?]): Buffer {
    check(size.length === 1, 'read() without a size takes all that a client sends')
    return asBytes(this.#input.read(...size))
  }

  readline(...size: [number?]): Buffer {
    return asBytes(this.#input.readline(...size))
  }

  readlines(...hint: [number?]): Buffer[] {
    return this.#input.readlines(...hint).map(asBytes)
  }

  async readAsync(...size: [number?]): Promise<Buffer> {
    check(size.length === 1, 'readAsync() without a size takes all that a client sends')
    return asBytes(await this.#input.readAsync(...size))
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (const line of this.#input) yield asBytes(line)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const block of this.#input) yield asBytes(block)
  }
}

function asBytes(found: unknown): Buffer {
  check(Buffer.isBuffer(found), 'wsgi.input gives Buffers')
  return found
}

/** wsgi.errors, used as PEP 3333 allows it. */
class WatchedErrors implements ErrorStream {
  readonly #errors: ErrorStream

  constructor(errors: ErrorStream) {
    this.#errors = errors
  }

  write(text: string): void {
    check(typeof text === 'string', 'wsgi.errors takes text')
    this.#errors.write(text)
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line)
  }

  flush(): void {
    this.#errors.flush()
  }
}
