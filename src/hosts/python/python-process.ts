import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { PlaitError } from '../../errors.ts'
import type { Application } from '../application.ts'
import { eachLine } from '../output-lines.ts'
import { describeEnd, readOn, writeTo, type HostProcess, type ProcessEvents } from './host-process.ts'
import { WireBuffers } from './wire-buffers.ts'

/** The script that a host process runs; it travels inside the package. */
export const HOST_SCRIPT: string = fileURLToPath(new URL('../../../python/host.py', import.meta.url))
/** One interpreter process with its wire: a socketpair on descriptor 3, so no path on disk and nobody else can connect. */
export class PythonProcess implements HostProcess {
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

  write(buffers: readonly Uint8Array[]): void {
    writeTo(this.#wire, buffers)
  }

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
    child.on('exit', (code, signal) => readOn(this.#wire, () => this.#end(this.#reason ?? describeEnd(code, signal))))
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

/** @throws PlaitError `PLAIT_CONFIGURATION` when the application's directory does not exist */
export function assertDirectory(application: Application): void {
  if (existsSync(application.cwd) && statSync(application.cwd).isDirectory()) return
  throw new PlaitError('PLAIT_CONFIGURATION', `There is no directory ${application.cwd} to run ${application.name} in`)
}
