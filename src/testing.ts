/**
 * What tests of sites and resources need: the whole server without a socket, a timer or a process.
 * @module plait/testing
 */
export { Clock } from './testing/clock.ts'
export { MemoryConnection } from './testing/memory-connection.ts'
export { MemoryPort, MemoryReactor } from './testing/memory-reactor.ts'
export type { ConnectOptions, MemoryReactorOptions } from './testing/memory-reactor.ts'
export { MemoryJob, MemoryThreadPool } from './testing/memory-thread-pool.ts'
export { RecordingLogger } from './testing/recording-logger.ts'
export type { LogRecord } from './testing/recording-logger.ts'
export type { MemoryResponse } from './testing/response-parser.ts'
