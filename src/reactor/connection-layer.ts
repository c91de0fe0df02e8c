import type { Duplex } from 'node:stream'
import type { ConnectionInfo, Reactor, ServerFactory } from './reactor.ts'

/** Takes a connection that a layer has opened. */
export type NextLayer = (socket: Duplex, info: ConnectionInfo) => void

/** Stands between a port and its factory: TLS, the PROXY protocol. Several lie on each other in the order of the bytes. */
export interface ConnectionLayer {
  /** The port begins to listen for `factory`. */
  start?(reactor: Reactor, factory: ServerFactory): void
  /** Takes a connection, and hands it on, or ends it. The port ends it when that takes too long. */
  open(socket: Duplex, info: ConnectionInfo, next: NextLayer): void
  /** Tells the log that a connection was ended because it was not opened in `seconds`. */
  late(info: ConnectionInfo, seconds: number): void
  /** The port listens no more. */
  stop?(): void
}
