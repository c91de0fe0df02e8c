import { spawnSync } from 'node:child_process'
import { constants, mkdtempSync, rmSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { NodeReactor, Resource, Site, ThreadPool, WSGIResource } from '#src/index.ts'
import type { HostStatistics, ThreadPoolOptions } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import type { LogRecord, MemoryResponse } from '#src/testing.ts'
import { until } from '../support/until.ts'
import { Conversation, type Ask } from './conversation.ts'
import type { HostKind } from './host-kind.ts'
import type { Language } from './language.ts'

/** Threads of the pool. */
export const threads = 4

/**
 * A server in this process with one host of the kind: `/app` (buffered bodies), `/stream` (streamed bodies), `/valid` (under a validator),
 * `/deep/er/app`, and the application at the root of a second port.
 */
export class ConformingServer {
  readonly port: number
  /** The application is the root of this one's tree. */
  readonly rootPort: number
  /** For files of the applications; removed at the end. */
  readonly folder: string
  readonly kind: HostKind
  readonly #reactor: NodeReactor
  readonly #pool: ThreadPool
  readonly #logger: RecordingLogger
  readonly #open = new Set<Conversation>()
  #logStart = 0
  #names = 0

  private constructor(
    kind: HostKind,
    reactor: NodeReactor,
    pool: ThreadPool,
    logger: RecordingLogger,
    { folder, ports }: { folder: string; ports: readonly [number, number] },
  ) {
    this.kind = kind
    this.#reactor = reactor
    this.#pool = pool
    this.#logger = logger
    ;[this.port, this.rootPort] = ports
    this.folder = folder
  }

  static async start(kind: HostKind, options: ThreadPoolOptions = {}): Promise<ConformingServer> {
    const logger = new RecordingLogger()
    const reactor = new NodeReactor({ logger })
    const pool = new ThreadPool({ maxThreads: threads, logger, ...options })
    const folder = mkdtempSync(path.join(tmpdir(), 'plait-conformance-'))
    const application = kind.application('application', folder)
    const buffered = new WSGIResource(reactor, pool, application)
    const root = new Resource()
    root.putChild('app', buffered)
    root.putChild('stream', new WSGIResource(reactor, pool, application, { requestBody: 'stream' }))
    root.putChild('valid', new WSGIResource(reactor, pool, kind.application('validated', folder)))
    const deep = new Resource()
    const deeper = new Resource()
    root.putChild('deep', deep)
    deep.putChild('e r', deeper)
    deeper.putChild('app', buffered)
    const ports: number[] = []
    for (const resource of [root, buffered]) {
      const listening = reactor.listenTCP(0, new Site(resource, { logger }), { interface: '127.0.0.1' })
      await listening.ready
      const address = listening.getHost()
      if (address.type === 'TCP') ports.push(address.port)
    }
    void reactor.run({ installSignalHandlers: false })
    return new ConformingServer(kind, reactor, pool, logger, { folder, ports: [ports[0] as number, ports[1] as number] })
  }

  get language(): Language {
    return this.kind.language
  }

  /** Runs `use` with another server of the same kind, which ends then. */
  async beside(options: ThreadPoolOptions, use: (other: ConformingServer) => Promise<void>): Promise<void> {
    const other = await ConformingServer.start(this.kind, options)
    try {
      await use(other)
    } finally {
      await other.stop()
    }
  }

  async stop(): Promise<void> {
    this.endCase()
    await this.#reactor.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The log begins anew. */
  beginCase(): void {
    this.#logStart = this.#logger.records.length
  }

  endCase(): void {
    for (const conversation of this.#open) conversation.destroy()
    this.#open.clear()
  }

  /** A connection, closed at the end of the case. */
  async connect(port: number = this.port): Promise<Conversation> {
    const conversation = await Conversation.open(port)
    this.#open.add(conversation)
    return conversation
  }

  /** One request on a connection of its own. */
  async ask(target: string, ask: Ask = {}): Promise<MemoryResponse> {
    const conversation = await this.connect()
    return await conversation.ask(target, ask).response(ask.method)
  }

  /** The answer of an application that answers in JSON. */
  async report<T = Record<string, unknown>>(target: string, ask: Ask = {}): Promise<T> {
    const response = await this.ask(target, ask)
    if (response.status !== 200) throw new Error(`${target} gave ${response.status}: ${response.text}\n${this.log}`)
    return JSON.parse(response.text) as T
  }

  /** A new name, for notes and gates. */
  name(): string {
    return `n${process.pid}-${++this.#names}`
  }

  /** What the application noted under a name. */
  notes(of: string): Promise<string[]> {
    return this.report<string[]>(`/app/notes?of=${of}`)
  }

  /** Waits until the application has noted so much. */
  noted(of: string, count: number): Promise<string[]> {
    return until(`${count} notes of ${of}`, async () => {
      const notes = await this.notes(of)
      return notes.length >= count && notes
    })
  }

  /** What the application has noted when it is through with its requests: what it does once, it has not done again until then. */
  async settled(of: string, count: number): Promise<string[]> {
    await this.noted(of, count)
    await until('the end of all requests', () => this.#pool.statistics().working === 0)
    return await this.notes(of)
  }

  /** The hosts of the pool. */
  get hosts(): HostStatistics[] {
    return this.#pool.statistics().applications.flatMap(({ hosts }) => hosts)
  }

  /** A FIFO that an application waits for: see {@link openGate}. */
  gate(): string {
    const gate = path.join(this.folder, this.name())
    spawnSync('mkfifo', [gate])
    return gate
  }

  /** Lets the application go on; waits until it has come to the gate. */
  async openGate(gate: string, content = ''): Promise<void> {
    // Without O_NONBLOCK a gate that nobody comes to would hold a thread of libuv, and so the process, for ever.
    const file = await until<FileHandle | undefined>(`somebody at the gate ${gate}`, async () => {
      try {
        return await open(gate, constants.O_WRONLY | constants.O_NONBLOCK)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
        return undefined
      }
    })
    await file.writeFile(content)
    await file.close()
  }

  get records(): LogRecord[] {
    return this.#logger.records.slice(this.#logStart)
  }

  /** The log of this case, as text. */
  get log(): string {
    return this.records.map(({ level, message, fields }) => `${level} ${message} ${Object.values(fields).join('\n')}`).join('\n')
  }

  /** Waits for a text in the log of this case. */
  async logged(expected: RegExp): Promise<void> {
    await until(`${expected} in the log`, () => expected.test(this.log))
  }
}
