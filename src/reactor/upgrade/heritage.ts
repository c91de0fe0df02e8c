import { resolve } from 'node:path'
import type { Endpoint } from '../listen-error.ts'
import type { Address } from '../reactor.ts'
import type { SocketFile } from '../unix-socket.ts'

/** Names what a process inherits, in its environment. */
export const HERITAGE = 'PLAIT_HERITAGE'

/** A listening socket that goes from one process to the next. */
export interface HandedSocket {
  /** Of {@link keyOf}: whoever asks for the same endpoint gets it. */
  readonly key: string
  readonly fd: number
  readonly address: Address
  /** The file of a UNIX socket, where the server made it: its last process removes it. */
  readonly file?: SocketFile | undefined
}

/** All that goes over. */
export interface Heritage {
  /** The process that it comes from. */
  readonly predecessor: number
  /** File descriptor on which the two talk: lines of JSON. */
  readonly channel: number
  readonly sockets: readonly HandedSocket[]
  /** Further file descriptors by name. */
  readonly descriptors: Readonly<Record<string, number>>
}

/** What the new process says. */
export type Said =
  | { readonly say: 'ready' }
  | { readonly say: 'serving'; readonly taken: readonly string[] }
  | { readonly say: 'failed'; readonly why: string }

/** What the old one says: the sockets are yours. */
export const GO = 'go\n'

/** What an endpoint is asked for by; port 0 too, since the same command line has it in the same place. */
export function keyOf(endpoint: Endpoint): string {
  if (endpoint.type === 'UNIX') return `unix ${resolve(endpoint.path)}`
  if (endpoint.type === 'FD') return `fd ${endpoint.fd}`
  return `tcp ${endpoint.host ?? '*'} ${endpoint.port} ${endpoint.ipv6Only}`
}
