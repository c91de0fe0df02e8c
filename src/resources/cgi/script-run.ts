/** One request that a script answers: its process, its body, its response. */
import { closeSync, openSync } from 'node:fs'
import type { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { Logger } from '../../log/logger.ts'
import { failureId, requestLine, sendFailurePage } from '../../resource/failure.ts'
import { Patience } from '../reverse-proxy/patience.ts'
import type { CGISettings } from './cgi-settings.ts'
import { giveInput, streamInput } from './script-input.ts'
import { malformed } from './script-head.ts'
import { ScriptOutput } from './script-output.ts'
import { ScriptProcess } from './script-process.ts'
import type { ScriptCommand, ScriptEnd } from './script-process.ts'

/** What a script gets on its standard input. */
export type ScriptBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'stream' }
  | { readonly kind: 'bytes'; readonly chunks: readonly Uint8Array[]; readonly size: number }
  | { readonly kind: 'file'; readonly path: string; readonly size: number }

/** Lines of one run's standard error that are logged. */
const MOST_COMPLAINTS = 100
/** After the output has ended, the end of the process is waited for this long: it says whether the output is whole. */
const WAIT_FOR_END = 0.1
/** The system has no more processes, memory or descriptors. */
const exhausted: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Runs a script once. */
export class ScriptRun {
  readonly #request: Request
  readonly #script: string
  readonly #settings: CGISettings
  readonly #logger: Logger
  readonly #patience: Patience
  readonly #leave: () => void
  #process: ScriptProcess | undefined
  #output: ScriptOutput | undefined
  #end: ScriptEnd | undefined
  #complaints = 0
  /** The head has come, and the next piece of the body is waited for. */
  #idles = false
  /** The client has all that it gets. */
  #answered = false

  /** @param leave called when nothing of the process is left */
  constructor(request: Request, script: string, settings: CGISettings, leave: () => void) {
    this.#request = request
    this.#script = script
    this.#settings = settings
    this.#logger = request.reactor.logger
    this.#leave = leave
    this.#patience = new Patience(request.reactor, () => this.#late())
    request.onDisconnect = () => this.#clientGone()
  }

  /** Starts the process. What goes wrong with it is answered here. @throws when the body cannot be opened */
  start(command: Omit<ScriptCommand, 'input'>, body: ScriptBody): void {
    // A spooled body is read where it lies.
    const input = body.kind === 'file' ? openSync(body.path, 'r') : body.kind === 'none' ? 'ignore' : 'pipe'
    try {
      this.#process = new ScriptProcess(this.#request.reactor, { ...command, input }, this.#settings.killDelay, {
        complaint: (line) => this.#complaint(line),
        ended: (end) => this.#ended(end),
        over: () => this.#over(),
      })
    } catch (error) {
      this.#leave()
      return this.#notStarted(error as NodeJS.ErrnoException)
    } finally {
      if (typeof input === 'number') closeSync(input)
    }
    const { stdout } = this.#process
    // Then the process tells why.
    if (stdout === null || stdout === undefined) return
    this.#output = new ScriptOutput(this.#request, stdout, {
      sign: (paused) => this.#sign(paused),
      whole: () => this.#whole(),
      surplus: () => this.#surplus(),
      failed: (error) => this.#failed(error),
    })
    stdout.on('end', () => this.#outputEnded())
    this.#patience.wait(this.#settings.responseTimeout)
    this.#feed(this.#process, body)
  }

  #feed({ stdin }: ScriptProcess, body: ScriptBody): void {
    if (stdin === null) return
    if (body.kind === 'bytes') giveInput(stdin, body.chunks)
    if (body.kind !== 'stream') return
    streamInput(this.#request, stdin, this.#settings.maxBody, {
      sign: () => this.#patience.sign(),
      done: () => this.#patience.sign(),
      failed: (reason) => this.#bodyFailed(reason),
    })
  }

  // -- the response

  #sign(paused: boolean): void {
    if (this.#answered) return
    if (paused) {
      // The client takes its time now, and the server's own limits watch it.
      this.#patience.stop()
      this.#idles = false
    } else if (this.#idles) this.#patience.sign()
    else if (this.#output?.begun === true) {
      this.#patience.wait(this.#settings.idleTimeout)
      this.#idles = true
    }
  }

  #outputEnded(): void {
    if (this.#answered) return
    this.#patience.stop()
    if (this.#end === undefined) this.#request.reactor.callLater(WAIT_FOR_END, () => this.#output?.finish())
    else this.#finishOrCut(this.#end)
  }

  #finishOrCut(end: ScriptEnd): void {
    if (this.#answered || this.#output?.ended !== true) return
    // A response that a crash ended must not look whole (RFC 9112 section 8).
    if (end.signal === null) this.#output.finish()
    else this.#failed(malformed(`it was ended by ${end.signal} in the middle of it`))
  }

  #whole(): void {
    this.#answered = true
    // It may go on for a while, but not for ever.
    if (this.#end === undefined) this.#patience.wait(this.#settings.idleTimeout)
    else this.#patience.stop()
  }

  #surplus(): void {
    this.#patience.stop()
    this.#log('wrote more than belongs to its response: ended')
    this.#process?.stop()
  }

  // -- the process

  #complaint(line: string): void {
    this.#complaints++
    if (this.#complaints <= MOST_COMPLAINTS)
      this.#logger.warn('CGI script wrote to standard error', { script: this.#script, line })
    else if (this.#complaints === MOST_COMPLAINTS + 1) this.#log('wrote more to standard error than is logged')
  }

  #ended(end: ScriptEnd): void {
    this.#end = end
    if (this.#answered) this.#patience.stop()
    if (end.error !== undefined) return this.#notStarted(end.error)
    if (end.code !== 0 && !this.#request.disconnected) {
      this.#log(end.signal === null ? `ended with exit code ${end.code}` : `was ended by ${end.signal}`)
    }
    this.#finishOrCut(end)
  }

  #over(): void {
    this.#patience.stop()
    this.#leave()
  }

  // -- what goes wrong

  #clientGone(): void {
    this.#answered = true
    this.#patience.stop()
    this.#output?.abandon()
    this.#process?.stop()
  }

  #bodyFailed(reason: string): void {
    if (this.#answered || this.#request.disconnected) return
    this.#fail(400, 'Bad Request', `The request body broke off: ${reason}.`)
  }

  #late(): void {
    if (this.#answered) {
      this.#log('did not end after its response: ended')
      this.#process?.stop()
      return
    }
    this.#log(this.#output?.begun === true ? 'went silent: ended' : 'did not answer in time: ended')
    this.#fail(504, 'Gateway Timeout', 'The program that answers here took too long.')
  }

  #failed(error: PlaitError): void {
    const id = failureId()
    this.#logger.error('CGI script failed', {
      id,
      script: this.#script,
      request: requestLine(this.#request),
      error: error.message,
    })
    this.#fail(502, 'Bad Gateway', `The program that answers here gave no valid response. The failure is in the log under ${id}.`)
  }

  #notStarted(error: NodeJS.ErrnoException): void {
    const id = failureId()
    this.#logger.error('CGI script cannot be started', { id, script: this.#script, error: error.message })
    if (exhausted.has(error.code ?? ''))
      this.#fail(503, 'Service Unavailable', 'The server is too busy to run programs. Try again soon.')
    else
      this.#fail(
        500,
        'Internal Server Error',
        `The program that answers here cannot be started. The failure is in the log under ${id}.`,
      )
  }

  #fail(status: number, brief: string, detail: string): void {
    this.#answered = true
    this.#patience.stop()
    this.#output?.abandon()
    this.#process?.stop()
    const request = this.#request
    if (request.disconnected || request.finished) return
    if (request.code !== 0) request.breakOff(detail)
    else sendFailurePage(request, { status, brief, detail, traceback: '' })
  }

  #log(what: string): void {
    this.#logger.warn(`CGI script ${what}`, { script: this.#script, request: requestLine(this.#request) })
  }
}
