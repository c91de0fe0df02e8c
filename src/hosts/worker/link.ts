/** A worker thread's side of what it has with the server. Runs in the thread. */
import { receiveMessageOnPort, workerData, type MessagePort, type Transferable } from 'node:worker_threads'
import { ToServer, ToThread, type SentBody } from './messages.ts'
import { Signals } from './signals.ts'
import { collected } from './thread-memory.ts'

/** One request, as it was sent. */
export interface SentJob {
  readonly slot: number
  readonly environ: readonly string[]
  readonly body: SentBody
}

/** One call of a function of the module. */
export interface SentCall {
  readonly slot: number
  readonly name: string
  readonly args: readonly unknown[]
}

/** What the server says of a job that has begun. */
export interface JobNews {
  input(chunk: Uint8Array): void
  inputEnd(): void
  inputFailed(reason: string): void
  fileTaken(taken: boolean): void
  /** Credit came, or the client has gone. */
  news(): void
}

/** Brings jobs in and words out. Reads the port from the event loop, and also while the thread waits inside a request. */
export class Link {
  readonly signals: Signals
  readonly #port: MessagePort
  readonly #jobs: (SentJob | SentCall)[] = []
  readonly #running = new Map<number, JobNews>()
  readonly #stop: () => void
  #arrived: (() => void) | undefined
  #outgoing: unknown[] = []
  #transfer: ArrayBuffer[] = []

  /** @param stop called when the server wants the thread to end */
  constructor(stop: () => void) {
    const given = workerData as { signals: SharedArrayBuffer; port: MessagePort }
    // A port of our own: what an application says to `parentPort` is no word of ours.
    this.#port = given.port
    this.#stop = stop
    this.signals = new Signals(given.signals)
    this.#port.on('message', (message: readonly unknown[]) => this.#receive(message))
  }

  /** The next job that has not been taken back; undefined when none is here. */
  nextJob(): SentJob | SentCall | undefined {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (this.signals.begin(job.slot)) return job
      this.say(ToServer.SKIPPED, job.slot)
    }
    return undefined
  }

  /** Called when jobs have come, from the event loop or from within a request. */
  set onJobs(callable: () => void) {
    this.#arrived = callable
    if (this.#jobs.length > 0) callable()
  }

  attach(slot: number, news: JobNews): void {
    this.#running.set(slot, news)
  }

  detach(slot: number): void {
    this.#running.delete(slot)
  }

  /** Puts words into the next message. */
  say(...words: unknown[]): void {
    this.#outgoing.push(...words)
  }

  /** The memory of `bytes` goes along, and is the server's from then on. */
  hand(bytes: Uint8Array): Uint8Array {
    this.#transfer.push(bytes.buffer as ArrayBuffer)
    return bytes
  }

  /** Sends what was said. */
  flush(): void {
    if (this.#outgoing.length === 0) return
    const message = this.#outgoing
    const transfer = this.#transfer
    this.#outgoing = []
    if (transfer.length === 0) this.#port.postMessage(message)
    else {
      this.#transfer = []
      this.#port.postMessage(message, transfer)
    }
  }

  /** Says something that has to be copied, and may turn out not to be. @throws Error `DataCloneError`; then nothing was said */
  sayAlone(words: readonly unknown[], transfer: readonly Transferable[]): void {
    this.flush()
    this.#port.postMessage(words, transfer)
  }

  /** Blocks the thread until `condition` holds; hears what the server says meanwhile. */
  waitUntil(condition: () => boolean): void {
    this.flush()
    for (;;) {
      const { mark } = this.signals
      this.listen()
      if (condition()) return
      this.signals.sleep(mark)
    }
  }

  /** Hears what the server has said so far. */
  listen(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as readonly unknown[])
    }
  }

  #receive(message: readonly unknown[]): void {
    let jobs = false
    for (let at = 0; at < message.length;) {
      const slot = message[at + 1] as number
      switch (message[at]) {
        case ToThread.JOB:
          this.#jobs.push({ slot, environ: message[at + 2] as string[], body: message[at + 3] as SentBody })
          jobs = true
          at += 4
          break
        case ToThread.CALL:
          this.#jobs.push({ slot, name: message[at + 2] as string, args: message[at + 3] as unknown[] })
          jobs = true
          at += 4
          break
        case ToThread.INPUT:
          this.#running.get(slot)?.input(message[at + 2] as Uint8Array)
          at += 3
          break
        case ToThread.INPUT_END:
          this.#running.get(slot)?.inputEnd()
          at += 2
          break
        case ToThread.INPUT_FAILED:
          this.#running.get(slot)?.inputFailed(message[at + 2] as string)
          at += 3
          break
        case ToThread.FILE_TAKEN:
          this.#running.get(slot)?.fileTaken(message[at + 2] as boolean)
          at += 3
          break
        case ToThread.NEWS:
          this.#running.get(slot)?.news()
          at += 2
          break
        case ToThread.COLLECT:
          this.say(ToServer.KEPT, collected())
          this.flush()
          at += 1
          break
        default:
          this.#stop()
          return
      }
    }
    if (jobs) this.#arrived?.()
  }
}
