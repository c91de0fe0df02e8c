/** A WSGI application written in TypeScript, run on the event loop in place of the real one (PEP 3333). */
import { readFileSync } from 'node:fs'
import { PlaitError } from '../errors.ts'
import type { ResponseHead } from '../hosts/host.ts'
import type { MemoryJob } from './memory-thread-pool.ts'

/** Where the application reads the request's body. */
export interface InlineInput {
  /** @param size bytes, -1 for all that is left */
  read(size?: number): Buffer
}

/** The environ. */
export interface InlineEnviron {
  readonly [name: string]: unknown
  readonly 'wsgi.input': InlineInput
}

/** Begins the response. Gives `write`. */
export type InlineStartResponse = (
  status: string,
  headers: readonly (readonly [name: string, value: string])[],
  excInfo?: unknown,
) => (data: string | Uint8Array) => void

/** The application; text of the body is sent as UTF-8. */
export type InlineApplication = (environ: InlineEnviron, startResponse: InlineStartResponse) => Iterable<string | Uint8Array>

/**
 * Lets a `MemoryThreadPool` run a function with the signature of PEP 3333:
 *
 *     const pool = new MemoryThreadPool(
 *       inlineApplication((environ, startResponse) => {
 *         startResponse('200 OK', [['Content-Type', 'text/plain']])
 *         return [`Hello from ${environ.PATH_INFO}`]
 *       }),
 *     )
 *
 * It runs to its end at once, and stops when the client leaves. A streamed request body is collected before.
 */
export function inlineApplication(application: InlineApplication): (job: MemoryJob) => void {
  return (job) => {
    if (job.job.body?.kind !== 'stream') return run(application, job)
    job.onInputEnd = () => run(application, job)
    job.sink.inputWanted(Number.MAX_SAFE_INTEGER)
  }
}

function run(application: InlineApplication, job: MemoryJob): void {
  const response = new InlineResponse(job)
  try {
    const pieces = application(environOf(job), response.startResponse)
    for (const piece of pieces) {
      if (job.abandoned > 0) break
      response.send(piece)
    }
    response.end()
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    job.sink.finished(new PlaitError('PLAIT_APPLICATION', message, { cause: error, detail: stack ?? '', status: 500 }))
  }
}

/** Tells the sink what the application gives: the head not before the first bytes. */
class InlineResponse {
  readonly #job: MemoryJob
  #head: ResponseHead | undefined
  #first: Buffer | undefined
  #begun = false

  constructor(job: MemoryJob) {
    this.#job = job
  }

  readonly startResponse: InlineStartResponse = (status, headers, excInfo) => {
    if (this.#begun && excInfo !== undefined) throw excInfo
    if (this.#head !== undefined && excInfo === undefined) throw new Error('start_response was called before')
    const [, code, reason = ''] = /^(\d{3}) (.*)$/.exec(status) ?? []
    if (code === undefined) throw new Error(`start_response was given the status ${JSON.stringify(status)}`)
    this.#head = { status: Number(code), reason, headers: headers.flat() }
    return (data) => {
      this.send(data)
      this.#begin(false)
    }
  }

  send(piece: string | Uint8Array): void {
    const bytes = Buffer.from(piece as Uint8Array)
    if (bytes.length === 0) return
    if (this.#first === undefined && !this.#begun) {
      this.#first = bytes
      return
    }
    this.#begin(false)
    this.#job.sink.data(bytes)
  }

  end(): void {
    this.#begin(true)
    this.#job.sink.finished(undefined)
  }

  #begin(onePiece: boolean): void {
    if (this.#begun) return
    if (this.#head === undefined) throw new Error('The application gave a body without calling start_response')
    this.#begun = true
    this.#job.sink.respond(this.#head, this.#first ?? Buffer.alloc(0), onePiece)
  }
}

function environOf(job: MemoryJob): InlineEnviron {
  const body = bodyOf(job)
  let at = 0
  const read = (size = -1): Buffer => {
    const piece = body.subarray(at, size < 0 ? body.length : at + size)
    at += piece.length
    return piece
  }
  return {
    ...job.environ,
    'wsgi.version': [1, 0],
    'wsgi.input': { read },
    'wsgi.multithread': false,
    'wsgi.multiprocess': false,
    'wsgi.run_once': false,
  }
}

function bodyOf({ job, inputs }: MemoryJob): Buffer {
  if (job.body === undefined) return Buffer.alloc(0)
  if (job.body.kind === 'file') return readFileSync(job.body.path)
  return Buffer.concat(job.body.kind === 'bytes' ? job.body.chunks : inputs)
}
