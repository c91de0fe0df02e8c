/**
 * What tests of sites and resources need: the whole server without a socket, a timer or a process.
 * @module plait/testing
 */
export { Clock } from './testing/clock.ts'
export { CookieJar } from './testing/cookie-jar.ts'
export { DummyChannel } from './testing/dummy-channel.ts'
export type { DummyChannelOptions } from './testing/dummy-channel.ts'
export { DummyRequest } from './testing/dummy-request.ts'
export type { DummyRequestOptions } from './testing/dummy-request.ts'
export { inlineApplication } from './testing/inline-application.ts'
export type { InlineApplication, InlineEnviron, InlineInput, InlineStartResponse } from './testing/inline-application.ts'
export { MemoryClient, requestFor } from './testing/memory-client.ts'
export type { MemoryClientOptions, TestResponse } from './testing/memory-client.ts'
export type { RequestDescription } from './testing/request-bytes.ts'
export { MemoryConnection } from './testing/memory-connection.ts'
export { MemoryPort, MemoryReactor } from './testing/memory-reactor.ts'
export type { ConnectOptions, MemoryReactorOptions } from './testing/memory-reactor.ts'
export { MemoryJob, MemoryThreadPool } from './testing/memory-thread-pool.ts'
export type { MemoryThreadPoolOptions } from './testing/memory-thread-pool.ts'
export { RecordingLogger } from './testing/recording-logger.ts'
export type { LogRecord } from './testing/recording-logger.ts'
export type { MemoryResponse } from './testing/response-parser.ts'
export { until } from './testing/until.ts'
