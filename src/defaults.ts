/**
 * The one table of defaults: code, help and documentation read it.
 * Sizes in bytes, times in seconds.
 */
export const defaults = Object.freeze({
  port: 8080,
  /** Threads of the command line's pool (Twisted: `twist web --wsgi`, 0–20). */
  minThreads: 0,
  maxThreads: 20,
  /** Threads of `reactor.getThreadPool()` (Twisted: 0–10). */
  reactorMaxThreads: 10,
  processes: 1,
  maxQueue: 1000,
  queueTimeout: 30,
  /** Largest request body, 0 = no limit. */
  maxBody: 1024 ** 3,
  requestBody: 'buffer' as 'buffer' | 'stream',
  /** A body up to this size travels in the request's frame; above it in memory of the server only until it is sent. */
  inlineBody: 64 * 1024,
  /** A body larger than this is spooled to a temporary file. */
  memoryBody: 1024 ** 2,
  /** What an application may have written and the client not yet taken; then its thread waits. */
  responseWindow: 1024 ** 2,
  /** What a client may have sent of a streamed body and the application not yet read. */
  inputWindow: 256 * 1024,
  headTimeout: 15,
  maxHeadSize: 64 * 1024,
  maxFields: 200,
  maxTarget: 16 * 1024,
  bodyTimeout: 30,
  writeTimeout: 60,
  idleTimeout: 100,
  gracefulTimeout: 30,
})
