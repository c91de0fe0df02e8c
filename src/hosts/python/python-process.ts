import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { PlaitError } from '../../errors.ts'
import type { Application } from '../application.ts'
import { eachLine } from '../output-lines.ts'
import { WireBuffers } from './wire-buffers.ts'

/** The script that a host process runs; it travels inside the package. */
export const HOST_SCRIPT: string = fileURLToPath(new URL('../../../python/host.py', import.meta.url))
/** After the process has ended, what it sent before is read this long (a fork of the application may keep the wire open). */
const READ_ON_MS = 100

/** What a {@link PythonProcess} tells. */
export interface ProcessEvents {
  /** Bytes from the wire, in `buffers.current`: valid during the call, unless held there. */
  bytes(chunk: Buffer): void
  /** A line of the application's standard output or error. */
  output(stream: 'stdout' | 'stderr', line: string): void
  /** The process has ended, and everything that it had sent has been read. Last, once. */
  gone(reason: string): void
}

/** One interpreter process with its wire: a socketpair on descriptor 3, so no path on disk and nobody else can connect. */
export class PythonProcess {
  readonly buffers: WireBuffers = new WireBuffers()
  readonly #child: ChildProcess
  readonly #wire: Socket
  readonly #events: ProcessEvents
  #gone = false
  /** Why it was killed. */
  #reason: string | undefined

  /** Starts the interpreter. Throws `PLAIT_CONFIGURATION` when the application's directory does not exist. */
  constructor(executable: string, application: Application, events: ProcessEvents) {
    assertDirectory(application)
    this.#events = events
    this.#child = spawn(executable, [HOST_SCRIPT], {
      cwd: application.cwd,
      env: { ...process.env, ...application.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    this.#wire = readingInto(this.#child.stdio[3] as Socket, this.buffers, (chunk) => events.bytes(chunk))
    this.#listen()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends buffers, in order. */
  write(buffers: readonly Uint8Array[]): void {
    if (this.#wire.destroyed) return
    if (buffers.length > 1) this.#wire.cork()
    for (const buffer of buffers) this.#wire.write(buffer)
    if (buffers.length > 1) this.#wire.uncork()
  }

  /** Ends the process at once. @param reason in words that follow the host's name. @default that it was killed */
  kill(reason?: string): void {
    this.#reason ??= reason
    this.#child.kill('SIGKILL')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #listen(): void {
    const child = this.#child
    // Death is the child's exit, never an end or error of the wire: EPIPE may come long before we know why.
    this.#wire.on('error', () => undefined)
    if (child.stdout !== null) eachLine(child.stdout, (line) => this.#events.output('stdout', line))
    if (child.stderr !== null) eachLine(child.stderr, (line) => this.#events.output('stderr', line))
    child.on('error', (error) => this.#end(`could not be started: ${error.message}`))
    child.on('exit', (code, signal) => this.#readOn(this.#reason ?? describeEnd(code, signal)))
  }

  /** Reads what is still in the wire, then reports the end. */
  #readOn(reason: string): void {
    const finish = (): void => {
      clearTimeout(timer)
      this.#end(reason)
    }
    const timer = setTimeout(finish, READ_ON_MS)
    if (this.#wire.readableEnded || this.#wire.destroyed) finish()
    else this.#wire.once('close', finish).once('end', finish)
  }

  #end(reason: string): void {
    if (this.#gone) return
    this.#gone = true
    this.#wire.destroy()
    // A fork of the application may write on for as long as it likes, but does not keep the server from ending.
    for (const stream of [this.#child.stdout, this.#child.stderr]) (stream as Socket | null)?.unref()
    this.#events.gone(reason)
  }
}

/** The handle below a socket of Node's; not in its types. */
interface Handle {
  reading: boolean
  readStop(): number
}

/**
 * Gives a socket on the same handle that reads into our own buffers (`onread` of node:net, which child_process offers no way to ask for).
 * Where there is no such handle, the socket is read as it is.
 */
function readingInto(socket: Socket, buffers: WireBuffers, take: (chunk: Buffer) => void): Socket {
  const handle = Reflect.get(socket, '_handle') as Handle | null | undefined
  if (typeof handle?.readStop !== 'function') return socket.on('data', (chunk: Buffer) => take(Buffer.from(chunk)))
  handle.readStop()
  handle.reading = false
  Reflect.set(socket, '_handle', null)
  const callback = (count: number): boolean => {
    take(buffers.current.bytes.subarray(0, count))
    return true
  }
  return new Socket({ handle, onread: { buffer: () => buffers.next(), callback } } as ConstructorParameters<typeof Socket>[0])
}

function assertDirectory(application: Application): void {
  if (existsSync(application.cwd) && statSync(application.cwd).isDirectory()) return
  throw new PlaitError('PLAIT_CONFIGURATION', `There is no directory ${application.cwd} to run ${application.name} in`)
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'was killed by SIGKILL (by hand, or by the system for lack of memory)'
  if (signal !== null) return `was killed by ${signal}`
  return `ended with exit code ${code ?? 'unknown'}`
}
