import { defaults } from '../defaults.ts'
import { PlaitError } from '../errors.ts'
import { silentLogger, type Logger } from '../log/logger.ts'
import { now, TimerCall } from './delayed-call.ts'
import { NodePort, type Endpoint } from './node-port.ts'
import type {
  DelayedCall,
  ListeningPort,
  ListenOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
  Phase,
  Reactor,
  ReactorThreadPool,
  RunOptions,
  ServerFactory,
  SystemEvent,
  TLSContext,
} from './reactor.ts'
import type { TLSContextSource } from './tls/tls-context.ts'
import { Triggers } from './triggers.ts'
import type { Inheritance } from './upgrade/inheritance.ts'
import { giveWay, type UpgradeOptions } from './upgrade/give-way.ts'
import type { Successor } from './upgrade/successor.ts'

/** Options of {@link NodeReactor}. */
export interface NodeReactorOptions<Pool extends ReactorThreadPool> {
  /** @default silent */
  logger?: Logger
  /** Makes the reactor's own pool, at first use. */
  createThreadPool?: (reactor: Reactor<Pool>) => Pool
  /** It is the one of its process that can give its place to another process; with what the process has inherited, if it has. @default it is not */
  succession?: { readonly inheritance: Inheritance | undefined }
}

/** Seconds. */
const SAME_SIGNAL = 0.5
/** Seconds that idle connections have for one more request when another process serves the next ones already. */
const PATIENCE = 5
type State = 'new' | 'running' | 'stopping' | 'stopped'

/** Node's event loop as a reactor. Two of them in one process share nothing. */
export class NodeReactor<Pool extends ReactorThreadPool = ReactorThreadPool> implements Reactor<Pool> {
  readonly logger: Logger
  readonly #createThreadPool: ((reactor: Reactor<Pool>) => Pool) | undefined
  readonly #succession: NodeReactorOptions<Pool>['succession']
  readonly #triggers: Triggers
  readonly #ports = new Set<NodePort>()
  readonly #factories = new Set<ServerFactory>()
  #whenRunning: (() => void)[] = []
  #pool: Pool | undefined
  #poolSize: number | undefined
  #state: State = 'new'
  #gracefulTimeout: number = defaults.gracefulTimeout
  #drainDelay = 0
  #abort = new AbortController()
  #stopping: Promise<void> | undefined
  #finished: Finished = withResolver()
  /** While an upgrade is under way. */
  #candidate: Successor | undefined
  #successor: number | undefined

  constructor(options: NodeReactorOptions<Pool> = {}) {
    this.logger = options.logger ?? silentLogger
    this.#createThreadPool = options.createThreadPool
    this.#succession = options.succession
    this.#triggers = new Triggers(this.logger)
  }

  /** Process id of the one that has taken the place of this process, once it has. */
  get successor(): number | undefined {
    return this.#successor
  }

  /** True while a new process gets ready to take the place of this one. */
  get upgrading(): boolean {
    return this.#candidate !== undefined
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  seconds(): number {
    return now()
  }

  callLater(seconds: number, callable: () => void): DelayedCall {
    return new TimerCall(seconds, callable)
  }

  callWhenRunning(callable: () => void): void {
    if (this.running) callable()
    else this.#whenRunning.push(callable)
  }

  addSystemEventTrigger(phase: Phase, event: SystemEvent, callable: () => void | Promise<void>): void {
    this.#triggers.add(phase, event, callable)
  }

  listenTCP(port: number, factory: ServerFactory, options: ListenTCPOptions = {}): ListeningPort {
    checkPort(port)
    const endpoint: Endpoint = { type: 'TCP', port, host: options.interface, ipv6Only: options.ipv6Only ?? false }
    return this.#listen(endpoint, factory, options)
  }

  listenTLS(
    port: number,
    factory: ServerFactory,
    context: TLSContext | TLSContextSource,
    options: ListenTCPOptions = {},
  ): ListeningPort {
    return this.listenTCP(port, factory, { ...options, tls: context })
  }

  listenUNIX(path: string, factory: ServerFactory, options: ListenUNIXOptions = {}): ListeningPort {
    return this.#listen({ type: 'UNIX', path, mode: options.mode ?? 0o666 }, factory, options)
  }

  adoptStreamPort(fd: number, factory: ServerFactory, options: ListenOptions = {}): ListeningPort {
    return this.#listen({ type: 'FD', fd }, factory, options)
  }

  getThreadPool(): Pool {
    if (this.#pool !== undefined) return this.#pool
    if (this.#createThreadPool === undefined) {
      throw new PlaitError(
        'PLAIT_CONFIGURATION',
        'This reactor was made without a way to make a thread pool: give createThreadPool',
      )
    }
    this.#pool = this.#createThreadPool(this)
    if (this.#poolSize !== undefined) this.#pool.adjustPoolSize(0, this.#poolSize)
    if (this.running) this.#pool.start()
    return this.#pool
  }

  suggestThreadPoolSize(size: number): void {
    this.#poolSize = size
    this.#pool?.adjustPoolSize(0, size)
  }

  async run(options: RunOptions = {}): Promise<void> {
    if (this.#state === 'running' || this.#state === 'stopping') {
      throw new PlaitError('PLAIT_CONFIGURATION', 'This reactor runs already')
    }
    this.#reset(options)
    const remove = (options.installSignalHandlers ?? true) ? this.#installSignalHandlers() : undefined
    try {
      // Who stops a reactor that still starts does not have to wait until it has started.
      await Promise.race([this.#startUp(this.#finished), this.#finished.promise])
      await this.#finished.promise
    } catch (error) {
      await (this.#stopping ?? this.stop())
      throw error
    } finally {
      remove?.()
    }
  }

  /**
   * Gives the place of this process to a new one: the same command, started anew with our listening sockets. When it is ready to answer it takes connections, and this reactor stops. No connection is refused
   * or lost meanwhile. When it does not get ready this reactor goes on. Of `reactor` alone, the default one.
   * @returns the process id of the new one
   * @throws PlaitError `PLAIT_UPGRADE` with the reason, `PLAIT_CONFIGURATION` for another reactor
   */
  async upgrade(options: UpgradeOptions = {}): Promise<number> {
    if (this.#succession === undefined) throw new PlaitError('PLAIT_CONFIGURATION', 'Only the default reactor can be upgraded')
    if (this.#successor !== undefined)
      throw new PlaitError('PLAIT_UPGRADE', `process ${this.#successor} has taken the place of this one: tell that one`)
    if (this.#candidate !== undefined)
      throw new PlaitError('PLAIT_UPGRADE', `another upgrade is under way (process ${this.#candidate.pid})`)
    if (this.#state !== 'running') throw new PlaitError('PLAIT_UPGRADE', 'the server starts or stops')
    try {
      const started = (candidate: Successor): void => void (this.#candidate = candidate)
      this.#successor = await giveWay(this.#ports, { ...options, started, goesOn: () => this.#stopping === undefined })
    } finally {
      this.#candidate = undefined
    }
    void this.stop()
    return this.#successor
  }

  stop(): Promise<void> {
    if (this.#stopping !== undefined) this.#abort.abort()
    else this.#stopping = this.#stop()
    return this.#stopping
  }

  #reset(options: RunOptions): void {
    this.#gracefulTimeout = options.gracefulTimeout ?? defaults.gracefulTimeout
    this.#drainDelay = options.drainDelay ?? 0
    if (this.#state === 'stopped') {
      this.#finished = withResolver()
      this.#abort = new AbortController()
      this.#stopping = undefined
      this.#successor = undefined
    }
  }

  /** @param finished of this run: once another one is there, or a stop has begun, nothing more is started */
  async #startUp(finished: Finished): Promise<void> {
    const goesOn = (): boolean => this.#stopping === undefined && this.#finished === finished
    await this.#triggers.fire('before', 'startup')
    if (!goesOn()) return
    this.#state = 'running'
    this.#pool?.start()
    await this.#triggers.fire('during', 'startup')
    if (!goesOn() || !(await this.#begin(goesOn))) return
    await this.#triggers.fire('after', 'startup')
    if (goesOn()) await Promise.all([...this.#ports].map((port) => port.ready))
  }

  /**
   * Calls what waits for the start. With a process before this one, between the two words that it waits for: all that it leaves must be in use by then.
   * @returns false when a stop came first
   */
  async #begin(goesOn: () => boolean): Promise<boolean> {
    const { inheritance } = this.#succession ?? {}
    const predecessor = inheritance?.expected === true ? inheritance : undefined
    if (predecessor !== undefined) {
      await Promise.all([...this.#ports].map((port) => port.ready))
      await predecessor.ready()
      if (!goesOn()) return false
    }
    const calls = this.#whenRunning
    this.#whenRunning = []
    for (const callable of calls) callable()
    if (predecessor === undefined) return true
    await Promise.all([...this.#ports].map((port) => port.accept()))
    if (!goesOn()) return false
    predecessor.serving()
    for (const port of this.#ports) port.own()
    return true
  }

  async #stop(): Promise<void> {
    const gone = this.#candidate?.end('the server was told to stop')
    const { signal } = this.#abort
    const upgraded = this.#successor !== undefined
    const delay = this.running && !upgraded ? this.#drainDelay : 0
    // What is still asked of this process in the name of a server that goes on is answered so.
    if (!upgraded) this.#state = 'stopping'
    if (delay > 0) await pause(delay, signal)
    const deadline = setTimeout(() => this.#abort.abort(), this.#gracefulTimeout * 1000)
    await this.#triggers.fire('before', 'shutdown')
    await this.#stopPorts(upgraded, signal)
    clearTimeout(deadline)
    this.#state = 'stopping'
    this.#ports.clear()
    this.#factories.clear()
    const timeout = signal.aborted ? 0 : this.#gracefulTimeout
    await this.#pool?.stop({ timeout })
    this.#pool = undefined
    await this.#triggers.fire('during', 'shutdown')
    await this.#triggers.fire('after', 'shutdown')
    await gone
    this.#state = 'stopped'
    this.#finished.resolve()
  }

  async #stopPorts(upgraded: boolean, signal: AbortSignal): Promise<void> {
    const ports = [...this.#ports]
    const stopped = Promise.all(ports.map((port) => (upgraded ? port.stopInPeace() : port.stopListening())))
    await Promise.race([stopped, aborted(signal)])
    if (upgraded) await Promise.all(ports.map((port) => port.stopListening()))
    const options = { patience: upgraded ? PATIENCE : 0 }
    await Promise.all([...this.#factories].map((factory) => factory.stopFactory?.(this, signal, options)))
  }

  #listen(endpoint: Endpoint, factory: ServerFactory, options: ListenOptions): ListeningPort {
    const inherited = this.#succession?.inheritance?.take(endpoint)
    const port = new NodePort({ reactor: this, endpoint, factory, options, inherited })
    this.#ports.add(port)
    if (!this.#factories.has(factory)) {
      this.#factories.add(factory)
      factory.startFactory?.(this)
    }
    return port
  }

  /**
   * The first signal stops in peace, the second at once. npm and shells hand the signal that a terminal sends to the whole process group
   * on once more: what follows this quickly is the same one.
   */
  #installSignalHandlers(): () => void {
    let first: number | undefined
    const handler = (signal: NodeJS.Signals): void => {
      const time = now()
      if (first !== undefined && time - first < SAME_SIGNAL) return
      const again = first !== undefined
      first ??= time
      this.logger.info(again ? `${signal}: stopping now` : `${signal}: stopping; running requests may finish`)
      // Who has given its place away stops already, and what runs may finish all the same.
      if (again || this.#successor === undefined) void this.stop()
    }
    process.on('SIGINT', handler)
    process.on('SIGTERM', handler)
    return () => {
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
    }
  }
}

/** Fulfilled after `seconds`, or as soon as the signal comes. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return
  throw new PlaitError('PLAIT_CONFIGURATION', `Cannot listen on port ${port}: a port is a whole number from 0 to 65535`)
}

interface Finished {
  promise: Promise<void>
  resolve(): void
}

function withResolver(): Finished {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((fulfil) => (resolve = fulfil))
  return { promise, resolve }
}
