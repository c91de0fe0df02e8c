/** What a worker thread of a JavaScript host runs. */
import { workerData } from 'node:worker_threads'
import { Link, type SentJob } from '../../worker/link.ts'
import { ToServer, type LoadReport } from '../../worker/messages.ts'
import type { Transpiled } from '../../../modules/transpile.ts'
import type { Environ, WSGIApplication } from '../wsgi.ts'
import { spooledInput, streamedInput, wholeInput, type BodyInput } from './body-input.ts'
import { Exchange, type ExchangeContext } from './exchange.ts'
import { FileWrapper } from './file-wrapper.ts'
import { callFunction } from './call-function.ts'
import { loadApplication, loadedFiles, newlyTranspiled, loadExports, type Exports } from './load-application.ts'
import { reportError } from './report.ts'
import { collected } from '../../worker/thread-memory.ts'

/** What the server gives a thread of this kind. */
export interface ThreadData {
  /** Real path of the module. */
  readonly module: string
  /** Name of the application's export, or which of the functions marked by `wsgiApplication` it is; undefined where functions of the module are called. */
  readonly exportName: string | number | undefined
  readonly multiprocess: boolean
  /** What other threads have transpiled. */
  readonly transpiled: Transpiled
  readonly responseWindow: number
  readonly inputWindow: number
}

const data = workerData as ThreadData
const link = new Link(() => process.exit(0))
const context: ExchangeContext = { link, window: data.responseWindow }
let application: WSGIApplication
let functions: Exports
let busy = false

const errors = {
  write(text: string): void {
    if (typeof text !== 'string') throw new TypeError(`wsgi.errors takes text, not ${typeof text}`)
    for (const line of text.split('\n')) if (line !== '') link.say(ToServer.ERRORS, line)
    link.flush()
  },
  writelines(lines: Iterable<string>): void {
    for (const line of lines) errors.write(line)
  },
  flush(): void {
    // Nothing is held back.
  },
}

const base = {
  'wsgi.version': Object.freeze([1, 0]) as readonly [1, 0],
  'wsgi.errors': errors,
  'wsgi.multithread': false,
  'wsgi.multiprocess': data.multiprocess,
  'wsgi.run_once': false as const,
  'wsgi.input_terminated': true as const,
  'wsgi.file_wrapper': (...given: ConstructorParameters<typeof FileWrapper>) => new FileWrapper(...given),
}

/** Runs what is here, one job after the other. Jobs that come while one waits are left for the end of that one. */
function serve(): void {
  if (busy) return
  busy = true
  let jobs = 0
  const began = performance.now()
  for (let job = link.nextJob(); job !== undefined; job = link.nextJob()) {
    jobs++
    const running = 'args' in job ? callFunction(functions, job, link) : begin(job)
    if (running !== undefined) {
      void running.then(() => goOn(jobs, began))
      return
    }
    // A response never waits for the request behind it.
    link.flush()
  }
  busy = false
  if (jobs > 0) link.say(ToServer.WORKED, jobs, performance.now() - began)
  link.flush()
}

function goOn(jobs: number, began: number): void {
  link.say(ToServer.WORKED, jobs, performance.now() - began)
  link.flush()
  busy = false
  serve()
}

/** @returns a promise when the application goes on in the event loop */
function begin(job: SentJob): Promise<void> | undefined {
  const exchange = new Exchange(job.slot, context)
  let input: BodyInput
  try {
    input = inputOf(job, exchange)
  } catch (error) {
    link.say(ToServer.FAILED, job.slot, reportError(error))
    return undefined
  }
  const running = exchange.run(application, environOf(job, exchange, input))
  if (running === undefined) return void input.close()
  return running.then(() => input.close())
}

function inputOf({ slot, body }: SentJob, exchange: Exchange): BodyInput {
  if (typeof body === 'string') return spooledInput(body)
  if (body !== true) return wholeInput(body)
  const input = streamedInput(link, slot, data.inputWindow)
  exchange.stream = input
  link.attach(slot, exchange)
  return input
}

function environOf({ environ: pairs }: SentJob, exchange: Exchange, input: BodyInput): Environ {
  const environ: Record<string, unknown> = {}
  for (let at = 0; at < pairs.length; at += 2) environ[pairs[at] as string] = pairs[at + 1]
  return Object.assign(environ, base, {
    'wsgi.input': input,
    'wsgi.early_hints': exchange.earlyHints,
    'plait.client_disconnected': () => exchange.gone,
  }) as unknown as Environ
}

async function load(): Promise<LoadReport> {
  if (data.exportName === undefined) {
    const loaded = await loadExports(data.module)
    if ('exports' in loaded) functions = loaded.exports
    return 'exports' in loaded ? { ok: true } : loaded
  }
  const outcome = await loadApplication(data.module, data.exportName)
  if (typeof outcome === 'function') application = outcome
  return typeof outcome === 'function' ? { ok: true } : outcome
}

const loaded = await load()
// Only now: V8 lets garbage lie in proportion to what it has found alive.
link.say(ToServer.LOADED, { ...loaded, memory: collected(), files: loadedFiles(), transpiled: newlyTranspiled() })
link.flush()
link.onJobs = serve
