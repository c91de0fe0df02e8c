import { availableParallelism } from 'node:os'
import type { Application } from '../hosts/application.ts'
import type { HostRuntime } from '../hosts/host.ts'
import type { Logger } from '../log/logger.ts'
import type { Address, ListeningPort } from '../reactor/reactor.ts'
import type { ThreadPool } from '../threadpool/thread-pool.ts'
import { plaitVersion } from '../version.ts'

/** What the start-up lines tell. */
export interface Announcement {
  readonly ports: readonly ListeningPort[]
  readonly application: Application
  readonly runtime: HostRuntime
  readonly pool: ThreadPool
}

/** Releases of Node that get no security fixes any more, and since when. */
const UNSUPPORTED: Readonly<Record<string, string>> = Object.freeze({ 20: '30 April 2026', 21: '1 June 2024', 23: '1 June 2025' })

/** Says what runs and where. */
export function announce(log: Logger, { ports, application, runtime, pool }: Announcement): void {
  for (const port of ports) log.info(`Plait ${plaitVersion} listening on ${describe(port.getHost())}`)
  log.info(`Application ${application.name} in ${application.cwd}`)
  log.info(`Interpreter ${runtime.executable} (${runtime.name}; ${runtime.why})`)
  log.info(`${count(pool.processes, 'process', 'processes')} × ${count(pool.maxThreads, 'thread', 'threads')}${hint(pool)}`)
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

/** `http://127.0.0.1:8080/`, or the path of a UNIX socket. */
export function describe(address: Address): string {
  if (address.type === 'UNIX') return `unix:${address.name}`
  return `http://${hostName(address.host)}:${address.port}/`
}

function hostName(host: string): string {
  if (host === '::' || host === '0.0.0.0' || host === '') return '0.0.0.0'
  return host.includes(':') ? `[${host}]` : host
}
