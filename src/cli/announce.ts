import { availableParallelism } from 'node:os'
import type { HostRuntime } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import type { ListenEndpoint } from '../reactor/endpoints/listen-endpoint.ts'
import type { Address, ListeningPort } from '../reactor/reactor.ts'
import type { ThreadPool } from '../threadpool/thread-pool.ts'
import { plaitVersion } from '../version.ts'

/** What the start-up lines tell. */
export interface Announcement {
  readonly ports: readonly { readonly endpoint: ListenEndpoint; readonly port: ListeningPort }[]
  /** What is served where. */
  readonly places: readonly (readonly [prefix: string, what: string])[]
  /** What runs the applications; none when there are none. */
  readonly runtimes: readonly HostRuntime[]
  readonly pool: ThreadPool
}

/** Releases of Node that get no security fixes any more, and since when. */
const UNSUPPORTED: Readonly<Record<string, string>> = Object.freeze({ 20: '30 April 2026', 21: '1 June 2024', 23: '1 June 2025' })

/** Says what runs and where. */
export function announce(log: Logger, { ports, places, runtimes, pool }: Announcement): void {
  for (const { endpoint, port } of ports)
    log.info(`Plait ${plaitVersion} listening on ${describe(port.getHost(), isSecure(endpoint))}`)
  for (const [prefix, what] of places) log.info(places.length === 1 && prefix === '/' ? capital(what) : `${prefix} → ${what}`)
  for (const interpreter of new Set(runtimes.map(({ executable, name, why }) => `${executable} (${name}; ${why})`)))
    log.info(`Interpreter ${interpreter}`)
  for (const note of new Set(runtimes.flatMap(({ notes = [] }) => notes))) log.info(`  ${note}`)
  // Threads of the server's own process use all cores.
  if (runtimes.length > 0 && runtimes.every(({ inThreads }) => inThreads === true)) {
    log.info(`Up to ${count(pool.maxThreads, 'worker thread', 'worker threads')}`)
  } else if (runtimes.length > 0) {
    log.info(`${count(pool.processes, 'process', 'processes')} × ${count(pool.maxThreads, 'thread', 'threads')}${hint(pool)}`)
  }
  if (process.pid === 1) {
    log.info(
      'This is process 1, and does not collect processes that the application leaves behind: docker run --init, or tini, does',
    )
  }
  const [major = ''] = process.versions.node.split('.')
  const since = UNSUPPORTED[major]
  if (since !== undefined) log.warn(`Node ${process.versions.node} has been out of support since ${since}; use 24 or newer`)
}

function hint({ processes }: ThreadPool): string {
  const cores = availableParallelism()
  if (processes > 1 || cores === 1) return ''
  return ` (--processes auto uses all ${cores} cores; the application's processes then share no module state)`
}

function count(value: number, one: string, many: string): string {
  return `${value} ${value === 1 ? one : many}`
}

function capital(text: string): string {
  return text.replace(/^[a-z]/, (letter) => letter.toUpperCase())
}

function isSecure(endpoint: ListenEndpoint): boolean {
  return endpoint.kind === 'haproxy' ? isSecure(endpoint.endpoint) : endpoint.kind === 'ssl' || endpoint.kind === 'tls'
}

/** `http://127.0.0.1:8080/`, or the path of a UNIX socket. */
export function describe(address: Address, secure: boolean): string {
  if (address.type === 'UNIX') return `unix:${address.name}`
  return `${secure ? 'https' : 'http'}://${hostName(address.host)}:${address.port}/`
}

function hostName(host: string): string {
  if (host === '::' || host === '0.0.0.0' || host === '') return '0.0.0.0'
  return host.includes(':') ? `[${host}]` : host
}
