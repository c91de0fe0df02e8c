import type { Socket } from 'node:net'
import type { WireBuffers } from './wire-buffers.ts'

/** After the process has ended, what it sent before is read this long (a fork of the application may keep the wire open). */
const READ_ON_MS = 100

/** What the process of a host tells. */
export interface ProcessEvents {
  /** Bytes from the wire, in `buffers.current`: valid during the call, unless held there. */
  bytes(chunk: Buffer): void
  /** A line of the application's standard output or error. */
  output(stream: 'stdout' | 'stderr', line: string): void
  /** The process has ended, and everything that it had sent has been read. Last, once. */
  gone(reason: string): void
}

/** The process of a host, with its wire: started as a program, or forked from one that has imported the application. */
export interface HostProcess {
  readonly pid: number | undefined
  readonly buffers: WireBuffers
  /** What the user should know of how it came about; none: it was started as a program. */
  readonly note?: string
  /** Sends buffers, in order. */
  write(buffers: readonly Uint8Array[]): void
  /** Ends the process at once. @param reason in words that follow the host's name. @default that it was killed */
  kill(reason?: string): void
  signal(signal: NodeJS.Signals): void
}

/** Makes the process of a host. Rejected with what is to be told to the user. */
export type LaunchProcess = (events: ProcessEvents) => HostProcess | Promise<HostProcess>

/** Sends buffers over a wire, in order. */
export function writeTo(wire: Socket, buffers: readonly Uint8Array[]): void {
  if (wire.destroyed) return
  if (buffers.length > 1) wire.cork()
  for (const buffer of buffers) wire.write(buffer)
  if (buffers.length > 1) wire.uncork()
}

/** Reads what is still in the wire of a process that has ended, then calls `done`, once. */
export function readOn(wire: Socket, done: () => void): void {
  let isOver = false
  const finish = (): void => {
    clearTimeout(timer)
    if (!isOver) done()
    isOver = true
  }
  const timer = setTimeout(finish, READ_ON_MS)
  if (wire.readableEnded || wire.destroyed) finish()
  else wire.once('close', finish).once('end', finish)
}

/** How a process has ended, in words that follow its name. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'was killed by SIGKILL (by hand, or by the system for lack of memory)'
  if (signal !== null) return `was killed by ${signal}`
  return `ended with exit code ${code ?? 'unknown'}`
}
