/** What the server and a worker thread say to each other: arrays, the kind first. Several travel in one message, one behind the other. */
import type { Transpiled } from '../../modules/transpile.ts'

/** To the thread. */
export const ToThread = {
  /** slot, environ (flat pairs), body: undefined, bytes, the path of a file, or true for a stream */
  JOB: 1,
  /** slot, bytes: a piece of a streamed body */
  INPUT: 2,
  /** slot */
  INPUT_END: 3,
  /** slot, why */
  INPUT_FAILED: 4,
  /** slot, was it opened? */
  FILE_TAKEN: 5,
  /** slot: credit came, or the client left. Wakes a thread whose application waits in its event loop */
  NEWS: 6,
  /** slot, the name of an export, arguments: a plain function of the module. Travels alone */
  CALL: 7,
  /** The thread ends itself. */
  STOP: 8,
  /** It says how much memory it needs when garbage was collected. */
  COLLECT: 9,
} as const

/** To the server. */
export const ToServer = {
  /** {@link LoadReport} */
  LOADED: 65,
  /** slot, head, body (bytes, or short ones as latin-1 text), flags */
  RESPOND: 66,
  /** slot, bytes */
  DATA: 67,
  /** slot */
  END: 68,
  /** slot, {@link FailureReport} */
  FAILED: 69,
  /** slot, head, path, offset, size, device, inode */
  FILE: 70,
  /** slot, bytes of a streamed body that may be sent */
  INPUT_WANTED: 71,
  /** slot, flat fields */
  EARLY_HINTS: 72,
  /** text for the log: `wsgi.errors` */
  ERRORS: 73,
  /** jobs, milliseconds in them, since the last such word */
  WORKED: 74,
  /** slot: its job had been withdrawn */
  SKIPPED: 75,
  /** slot, value: what a function gave. Travels alone */
  RETURNED: 76,
  /** a line of standard output */
  OUTPUT: 77,
  /** bytes that were left when garbage was collected */
  KEPT: 78,
} as const

/** Flags of `RESPOND`. */
export const LAST = 1
export const ONE_PIECE = 2

/** How an import went. */
export interface LoadReport {
  /** Of modules in TypeScript and JavaScript: the code of the files that no thread had loaded before, for the next one. */
  readonly transpiled?: Transpiled
  /** Of an interpreter in WebAssembly: its memory when it had started, for the next one. */
  readonly snapshot?: SharedArrayBuffer
  readonly ok: boolean
  /** Bytes that the thread has when it has loaded, where they are limited. */
  readonly memory?: number
  readonly kind?: string
  readonly message?: string
  readonly detail?: string
  readonly report?: FailureReport
  /** Files that were imported, where the server wants to know. */
  readonly files?: readonly string[]
}

/** An exception as data. */
export interface FailureReport {
  readonly type: string
  readonly message: string
  readonly traceback: string
  /** Of an error that has one, as those of the system. */
  readonly code?: string
}

/** How a body travels: bytes, the path of a private file, `true` for a stream, or none. */
export type SentBody = Uint8Array | string | true | undefined
