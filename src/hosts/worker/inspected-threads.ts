/** What V8 tells of a worker thread from outside, also while the thread runs a loop without end: it is interrupted for that (the inspector's `NodeWorker` domain). */
import type { InspectorNotification, Session } from 'node:inspector'
import type { Worker } from 'node:worker_threads'

/** Milliseconds in which a thread that is there is told of. */
const SEEN_MS = 500

/** What comes from a thread. */
interface Answer {
  readonly id?: number
  readonly result?: { readonly result?: { readonly value?: unknown } }
}

/** Every thread of this process, by its `threadId`. One for the process, made when something is asked for the first time. */
class InspectedThreads {
  readonly #session: Session
  readonly #sessions = new Map<number, string>()
  /** Who asks for a thread that has not been seen yet. */
  readonly #awaited = new Map<number, (() => void)[]>()
  readonly #asked = new Map<number, { sessionId: string; resolve: (value: unknown) => void }>()
  #lastNumber = 0

  constructor(session: Session) {
    this.#session = session
    session.connect()
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      const [, threadId] = /^\[worker (\d+)\]/.exec(workerInfo.title) ?? []
      this.#sessions.set(Number(threadId), sessionId)
      for (const seen of this.#awaited.get(Number(threadId)) ?? []) seen()
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => this.#receive(params.message))
    session.on('NodeWorker.detachedFromWorker', (gone: InspectorNotification<{ sessionId: string }>) =>
      this.#forget(gone.params.sessionId),
    )
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  }

  /** The value of an expression in a thread; undefined when the thread ends before. */
  async evaluate(threadId: number, expression: string): Promise<unknown> {
    if (!this.#sessions.has(threadId)) await this.#seen(threadId)
    const sessionId = this.#sessions.get(threadId)
    if (sessionId === undefined) return undefined
    const id = ++this.#lastNumber
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, silent: true, returnByValue: true } })
    return await new Promise((resolve) => {
      this.#asked.set(id, { sessionId, resolve })
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, (error) => {
        if (error !== null) this.#answer(id, undefined)
      })
    })
  }

  /** Threads are told of one turn or more after they began. One that is not is gone. */
  async #seen(threadId: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#awaited.set(threadId, [...(this.#awaited.get(threadId) ?? []), resolve])
      timer = setTimeout(resolve, SEEN_MS).unref()
    })
    clearTimeout(timer)
    this.#awaited.delete(threadId)
  }

  #receive(message: string): void {
    const { id, result } = JSON.parse(message) as Answer
    if (id !== undefined) this.#answer(id, result?.result?.value)
  }

  #answer(id: number, value: unknown): void {
    this.#asked.get(id)?.resolve(value)
    this.#asked.delete(id)
  }

  #forget(sessionId: string): void {
    for (const [threadId, one] of this.#sessions) if (one === sessionId) this.#sessions.delete(threadId)
    for (const [id, asked] of this.#asked) if (asked.sessionId === sessionId) this.#answer(id, undefined)
  }
}

let threads: Promise<InspectedThreads | undefined> | undefined

/**
 * Evaluates an expression in a thread, on top of whatever it runs.
 * @returns its value, as JSON can carry it; undefined where there is none: the thread ends before, or this Node has no inspector. Waits as long as the thread is in native code.
 */
export async function evaluateIn(worker: Worker, expression: string): Promise<unknown> {
  threads ??= import('node:inspector').then(
    (inspector) => new InspectedThreads(new inspector.Session()),
    () => undefined,
  )
  return await (await threads)?.evaluate(worker.threadId, expression)
}
