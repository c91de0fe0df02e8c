/** Plain functions in the threads of a pool (Twisted: `ThreadPool.callInThread`, `twisted.internet.threads.deferToThread`). */
import { PlaitError } from '../errors.ts'
import { resolveFunctions, type Application } from '../hosts/application.ts'
import type { Job, JobSink, Outcome, RunningJob } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import { transferOf } from '../transfer.ts'

/** The face of a pool for functions. */
export abstract class ThreadCalls {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  abstract submit(application: Application, job: Job, sink: JobSink): RunningJob

  /**
   * Runs a function of a module in a thread, within the pool's permits (Twisted: `callInThread`). Nobody gets its result; what it throws is logged.
   * @param reference a file of TypeScript or JavaScript and the name of an export: './tasks.ts#resize'
   * @param args copied to the thread (structured clone); what {@link transfer} marks moves there
   */
  callInThread(reference: string, ...args: readonly unknown[]): void {
    this.callInThreadWithCallback(undefined, reference, ...args)
  }

  /**
   * The same, and tells what came of it (Twisted: `callInThreadWithCallback`).
   * @param onResult gets true and the result, or false and the error
   */
  callInThreadWithCallback(
    onResult: ((success: boolean, result: unknown) => void) | undefined,
    reference: string,
    ...args: readonly unknown[]
  ): void {
    const logged = (error: unknown): void => {
      this.#logger.error(`${reference}, called in a thread, failed`, { error: error instanceof Error ? error.stack : error })
    }
    this.deferToThread(reference, ...args)
      .then(
        (result) => onResult?.(true, result),
        (error: unknown) => (onResult === undefined ? logged(error) : onResult(false, error)),
      )
      .catch(logged)
  }

  /**
   * The same, as a promise (Twisted: `deferToThreadPool`).
   * @returns what the function gave. Rejected with what it threw (name, message, stack and code are kept), or with a PlaitError:
   * `PLAIT_NOT_CLONEABLE`, `PLAIT_CONFIGURATION` (no such function), `PLAIT_APPLICATION` (its module cannot be loaded), `PLAIT_HOST_LOST`, those of {@link submit}
   */
  deferToThread(reference: string, ...args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { file, name } = parseReference(reference)
      const call = { name, args, transfer: transferOf(args) }
      this.submit(resolveFunctions(file), { environ: [], body: undefined, call }, new CallSink(resolve, reject))
    })
  }
}

function parseReference(reference: string): { file: string; name: string } {
  const [, file, name] = /^(.+)#([^#]+)$/.exec(reference) ?? []
  if (file !== undefined && name !== undefined) return { file, name }
  throw new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot call ${JSON.stringify(reference) ?? String(reference)} in a thread: a function is named like './tasks.ts#resize'`,
  )
}

/** Takes the result of a call. */
class CallSink implements JobSink {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #result: unknown

  constructor(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  result(value: unknown): void {
    this.#result = value
  }

  finished(outcome: Outcome): void {
    if (outcome === undefined) this.#resolve(this.#result)
    // What the function itself threw is what its caller wants to catch.
    else this.#reject(outcome.code === 'PLAIT_APPLICATION' ? (outcome.cause ?? outcome) : outcome)
  }

  earlyHints(): void {
    // A call has no response.
  }
  respond(): void {
    // The same.
  }
  respondFile(): void {
    // The same.
  }
  data(): void {
    // The same.
  }
  inputWanted(): void {
    // The same.
  }
}
