/**
 * The contract of a host: a place where applications run. One contract, several kinds (`python/` is the first). Everything here runs
 * on the event loop; what a host does in other processes or threads stays behind this face.
 *
 *     starting → ready → draining → gone
 */
import type { Transferable } from 'node:worker_threads'
import type { PlaitError } from '../errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Application } from './application.ts'
import type { HostFamily } from './host-family.ts'

/** One request for an application. */
export interface Job {
  /**
   * The environ of PEP 3333 as flat pairs `[key, value, key, value …]`: CGI variables, `HTTP_*` and `wsgi.url_scheme`.
   * Text is latin-1 "bytes as text". The `wsgi.*` objects are the host's to add.
   */
  readonly environ: readonly string[]
  /** The request's body; undefined when there is none. */
  readonly body: JobBody | undefined
  /**
   * It may run a second time when the host dies before it has said anything: a request of a safe method (RFC 9110 section 9.2.1).
   * @default false
   */
  readonly repeatable?: boolean
  /** Seconds that it may run, without those in which its client takes its time; then it ends as `PLAIT_TIMEOUT`. @default 0, no limit */
  readonly timeout?: number
  /** A plain function, in place of a request. Only hosts of TypeScript take one. */
  readonly call?: Call
}

/** A call of a function that a module exports, in a thread. */
export interface Call {
  readonly name: string
  /** Copied (structured clone), but for what is in `transfer`. */
  readonly args: readonly unknown[]
  /** What moves to the thread. */
  readonly transfer: readonly Transferable[]
}

/** How the body reaches the application. */
export type JobBody =
  /** Whole, in memory. */
  | { readonly kind: 'bytes'; readonly chunks: readonly Uint8Array[]; readonly size: number }
  /** Whole, in a private file that the host opens (and unlinks at once). */
  | { readonly kind: 'file'; readonly path: string; readonly size: number }
  /** As it arrives: through {@link RunningJob.input}, never more than {@link JobSink.inputWanted} asked for. */
  | { readonly kind: 'stream' }

/** Status and headers, as the application gave them to `start_response`, checked by the host. */
export interface ResponseHead {
  /** Three digits. What is no final status is for who sends it to refuse. */
  readonly status: number
  /** The reason phrase, may be empty. */
  readonly reason: string
  /** `[name, value, name, value …]`, latin-1 text. The same array may be given for many responses: never change it. */
  readonly headers: readonly string[]
}

/** A regular file that the application gave as its response (`wsgi.file_wrapper`), for the server to send. */
export interface FileResponse {
  /** A path that opens the very same file (`/proc/<pid>/fd/<n>` on Linux). */
  readonly path: string
  /** First byte to send. */
  readonly offset: number
  /** Bytes from `offset` to the end of the file when the application gave it. */
  readonly size: number
  /** Device and inode, to be compared after opening. */
  readonly dev: bigint
  readonly ino: bigint
}

/** Why an application's run ended. Nothing: as it should. */
export type Outcome = undefined | PlaitError

/**
 * What a host tells of one job. Calls come on the event loop in this order:
 * `earlyHints`* then at most one of `respond` / `respondFile`, then `data`*, and always `finished`, once, last.
 */
export interface JobSink {
  /** Its client may have gone, and that it has cannot be told before something is sent to it. */
  readonly seemsGone?: boolean
  /** A host takes it; again when it runs once more. For who wants to know. */
  begun?(host: string): void
  /** 103 Early Hints (RFC 8297): `[name, value …]`. Only before the response. */
  earlyHints(headers: readonly string[]): void
  /**
   * The response begins, with its first bytes (empty when it has none). `body` is valid during the call only.
   * @param onePiece the application's result had exactly one block (or none), this one: the server may compute Content-Length.
   */
  respond(head: ResponseHead, body: Uint8Array, onePiece: boolean): void
  /** The response is a file. Call {@link RunningJob.fileTaken} when it was opened or could not be: then `data` follows instead. */
  respondFile(head: ResponseHead, file: FileResponse): void
  /** More of the body; `chunk` is valid until its bytes are given back. Bytes count against the response window until {@link RunningJob.drained} gives them back. */
  data(chunk: Uint8Array): void
  /** The application reads its streamed input: the server may send `bytes` more. */
  inputWanted(bytes: number): void
  /**
   * The body is whole (or will never be, when `outcome` says why). With `respondFile` the file is still to be sent.
   * `PLAIT_APPLICATION`: the application raised (`detail` has the traceback). `PLAIT_HOST_LOST`: its process died, of itself or by a stranger's hand.
   * `PLAIT_TIMEOUT`: it ran longer than it may (`detail` has the stack of its thread). `PLAIT_HOST_ENDED`: the server ended it, or a limit that was set for it did: what ran would only meet the same again.
   */
  finished(outcome: Outcome): void
  /** What the function of a {@link Call} gave. Before `finished`. */
  result?(value: unknown): void
}

/** What a host tells of a job to whoever gave it: how it goes, or that it has not begun. */
export interface HostSink extends JobSink {
  /**
   * The job has not begun, and will not here: it may be given to a host again. Last, in place of `finished`. Jobs that had to wait behind others in
   * their host come back so, and those that had not begun when it died, as far as the host can tell.
   */
  returned(): void
}

/** What the server tells a running job. Calls after `finished` do nothing. */
export interface RunningJob {
  /** The number of the thread that runs it, in its host; undefined before it is known. */
  readonly threadNumber?: number | undefined
  /** `bytes` of the response left for the client: the window opens again. */
  drained(bytes: number): void
  /** A piece of a streamed body. */
  input(chunk: Uint8Array): void
  /** The streamed body is whole. */
  inputEnd(): void
  /** The streamed body broke off: `read()` raises `OSError` with this text. */
  inputFailed(reason: string): void
  /** Nobody waits for the response any more: the iterator is closed soon. */
  abandon(): void
  /** The file of `respondFile` was opened (true) or could not be (false): the host closes its copy, or streams from it. */
  fileTaken(taken: boolean): void
  /** It cannot go on before its client has taken or sent something. */
  readonly waitsForClient?: boolean
  /** Its response stays open: no other job waits behind it. */
  streams?(): void
}

/** Where a host is in its life. */
export type HostState = 'starting' | 'ready' | 'draining' | 'gone'

/** Figures of one host. */
export interface HostStatistics {
  readonly id: string
  readonly state: HostState
  /** Process id, where the host is a process. */
  readonly pid: number | undefined
  /** Jobs in it now. */
  readonly inFlight: number
  /** Jobs it has finished. */
  readonly served: number
}

/** What runs the application, for the start-up lines. */
export interface HostRuntime {
  /** `CPython 3.11.7` */
  readonly name: string
  /** Path of the interpreter, where there is one. */
  readonly executable: string
  /** Its threads are those of the server's own process. @default false */
  readonly inThreads?: boolean
  /** Why this one, in words: `VIRTUAL_ENV`, `the .venv of /srv/app` … */
  readonly why: string
  /** What the user should know about it, a line each. @default none */
  readonly notes?: readonly string[]
}

/** A place where one application runs, with threads. */
export interface Host {
  readonly id: string
  /** Known once {@link start} is fulfilled. */
  readonly runtime: HostRuntime | undefined
  readonly state: HostState
  /** Somebody has stopped its process: jobs go elsewhere, where they can. @default false */
  readonly isStopped?: boolean
  /** Jobs given and not finished. */
  readonly inFlight: number
  /**
   * Jobs that it takes now beyond those that may run: they wait in it, behind one that runs, and begin when that one ends. A host whose application answers at once
   * gets its jobs in batches so. 0 in one that blocks, and in one that cannot give them back.
   */
  readonly roomAhead: number
  /** Jobs that may run at the same time, set by the pool. What is beyond that waits behind others. */
  permits: number
  /** Of these, jobs whose responses stay open, set by the pool: see `Streams`. */
  streams: number
  /** Streams that it has threads for, unless the pool is told another number. */
  readonly mostStreams: number
  /** Fulfilled when the application is imported. Rejected with `PLAIT_APPLICATION`, `PLAIT_PYTHON_NOT_FOUND` … */
  start(): Promise<void>
  /** Runs a job. Only while `ready`. Never throws; what goes wrong is told through `sink.finished`. */
  run(job: Job, sink: HostSink): RunningJob
  /** Called once when the host is gone, for whatever reason, after its jobs were told. */
  onGone: ((reason: string) => void) | undefined
  /** Called once when it should be replaced, though what runs in it may go on: it is to be given no more jobs. The reason is in words that follow its name. */
  onSpent?: ((reason: string) => void) | undefined
  /** Writes the stacks of its threads into the log, also while C code holds the GIL. */
  dumpStacks?(): void
  /** Sets how many threads it may have. */
  setThreads(maxThreads: number): void
  /** The sinks of the jobs in it. */
  sinks(): HostSink[]
  /** Bytes of memory that it has to itself; undefined where that cannot be told. */
  memory?(): number | undefined
  /**
   * Finishes what runs (up to `timeout` seconds), then ends the host. Called again, it may only become quicker.
   * @param options.reason in words that follow "was ended by the server, ", for requests that do not get to their end
   */
  stop(options?: { timeout?: number; reason?: string }): Promise<void>
  statistics(): HostStatistics
}

/** What every kind of host is made of. */
export interface HostOptions {
  /** Unique in its pool; shown in the log. */
  readonly id: string
  readonly application: Application
  /** Threads started at once. */
  readonly minThreads: number
  /** Threads that there may be. */
  readonly maxThreads: number
  /** Threads that it may get beyond these, for streams. @default 0 */
  readonly maxStreams?: number
  /** Seconds that the application may take to be imported, in each thread that loads it for itself. @default 0, no limit */
  readonly startTimeout?: number
  /** True when other processes serve the same application (`wsgi.multiprocess`). */
  readonly multiprocess: boolean
  readonly logger: Logger
  /** The hosts that run the same code. */
  readonly family: HostFamily
  /** Wants to know the files that the application imports, whenever there are more. @default nobody does */
  readonly onImported?: (files: readonly string[]) => void
}

/** Makes a host; nothing starts before {@link Host.start}. A promise where it has to be found out first which kind can run the application. */
export type CreateHost = (options: HostOptions) => Host | Promise<Host>
