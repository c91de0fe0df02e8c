/**
 * The one table of defaults: code, help and documentation read it.
 * Sizes in bytes, times in seconds.
 */
export interface Defaults {
  readonly port: number
  /** Threads of the command line's pool (Twisted: `twist web --wsgi`, 0–20). */
  readonly minThreads: number
  readonly maxThreads: number
  /** Threads of `reactor.getThreadPool()` (Twisted: 0–10). */
  readonly reactorMaxThreads: number
  readonly processes: number
  /** MiB that a thread of an application in TypeScript may have. */
  readonly javascriptMemory: number
  /** MiB that an interpreter of Pyodide may have. */
  readonly pyodideMemory: number
  readonly maxQueue: number
  readonly queueTimeout: number
  /** Responses that stay open, beside the requests that run. Each costs a thread: in Python about 0.1 MiB. */
  readonly maxPoolStreams: number
  /** Largest request body, 0 = no limit. */
  readonly maxBody: number
  readonly requestBody: 'buffer' | 'stream'
  /** A body larger than this is spooled to a temporary file. */
  readonly memoryBody: number
  /** All bodies of the process together; what comes beyond that is spooled too, but for bodies of 16 KiB. */
  readonly bodiesInMemory: number
  /** What an application may have written and the client not yet taken; then its thread waits. */
  readonly responseWindow: number
  /** What a client may have sent of a streamed body and the application not yet read. */
  readonly inputWindow: number
  readonly headTimeout: number
  readonly maxHeadSize: number
  readonly maxFields: number
  readonly maxTarget: number
  /** Requests under way on one connection of HTTP/2. */
  readonly maxStreams: number
  readonly maxConnections: number
  /** 0 = no limit. */
  readonly maxConnectionsPerAddress: number
  /** Bytes of responses that wait for their clients, all together, 0 = no limit. */
  readonly maxUnsent: number
  readonly bodyTimeout: number
  readonly writeTimeout: number
  readonly idleTimeout: number
  readonly gracefulTimeout: number
  /** What an application may take to be imported, 0 = no limit. */
  readonly startTimeout: number
  /** For a new process that is to take the place of this one. */
  readonly upgradeTimeout: number
  /** What an application may take for one request, 0 = no limit. */
  readonly timeout: number
  /** For a PROXY header and the handshake of TLS. */
  readonly openTimeout: number
  readonly maxOpenings: number
}

/** The values. */
export const defaults: Defaults = Object.freeze({
  port: 8080,
  minThreads: 0,
  maxThreads: 20,
  reactorMaxThreads: 10,
  processes: 1,
  javascriptMemory: 1024,
  pyodideMemory: 1024,
  maxQueue: 1000,
  queueTimeout: 30,
  maxPoolStreams: 200,
  maxBody: 1024 ** 3,
  requestBody: 'buffer',
  memoryBody: 1024 ** 2,
  bodiesInMemory: 64 * 1024 ** 2,
  responseWindow: 1024 ** 2,
  inputWindow: 256 * 1024,
  headTimeout: 15,
  maxHeadSize: 64 * 1024,
  maxFields: 200,
  maxTarget: 16 * 1024,
  maxStreams: 100,
  maxConnections: 16 * 1024,
  maxConnectionsPerAddress: 0,
  maxUnsent: 256 * 1024 ** 2,
  bodyTimeout: 30,
  writeTimeout: 60,
  idleTimeout: 100,
  gracefulTimeout: 30,
  startTimeout: 300,
  upgradeTimeout: 60,
  timeout: 0,
  openTimeout: 10,
  maxOpenings: 1000,
} satisfies Defaults)
