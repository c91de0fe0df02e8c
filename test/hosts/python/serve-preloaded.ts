import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { NodeReactor } from '#src/default-reactor.ts'
import type { ApplicationSpec } from '#src/hosts/application.ts'
import { Site } from '#src/resource/site.ts'
import { RecordingLogger } from '#src/testing/recording-logger.ts'
import { ThreadPool, type ThreadPoolOptions } from '#src/threadpool/thread-pool.ts'
import { WSGIResource } from '#src/wsgi/wsgi-resource.ts'
import { root } from '../../support/paths.ts'
import { childrenOf } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

/** A preloaded application in a server of this process. */
export interface Preloaded {
  readonly pool: ThreadPool
  /** All that was logged, with details. */
  log(): string
  readonly resource: WSGIResource
  /** Status and body of a page. */
  ask(path: string): Promise<{ status: number; text: string }>
  /** Process ids of the hosts that are ready, once there are `count`. */
  hosts(count: number): Promise<number[]>
  /** Of the template with which hosts are made now. */
  template(): number
  /** Lines that the application has noted, of one kind. */
  notes(kind: string): string[]
  /** Fulfilled when nothing is left of it. */
  stop(): Promise<void>
}

/** Serves `test/fixtures/preload/stock.py` unless another application is named. */
export async function servePreloaded(
  t: TestContext,
  { application = {}, pool: sizes = {} }: { application?: Partial<ApplicationSpec>; pool?: ThreadPoolOptions } = {},
): Promise<Preloaded> {
  const data = mkdtempSync(join(tmpdir(), 'plait-test-'))
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const pool = new ThreadPool({ logger, ...sizes })
  const resource = new WSGIResource(reactor, pool, {
    application: 'stock.application',
    cwd: `${root}/test/fixtures/preload`,
    env: { APP_DATA: data, PYTHONDONTWRITEBYTECODE: '1' },
    preload: true,
    ...application,
  })
  const port = reactor.listenTCP(0, new Site(resource, { logger }), { interface: '127.0.0.1' })
  await port.ready
  const url = `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      await pool.stop({ timeout: 0 })
      await port.stopListening()
    })()
    return stopped
  }
  t.after(async () => {
    await stop()
    rmSync(data, { recursive: true, force: true })
  })
  const ready = (): number[] =>
    pool
      .statistics()
      .applications.flatMap(({ hosts }) => hosts)
      .filter(({ state }) => state === 'ready')
      .map(({ pid }) => pid as number)
  const file = join(data, 'notes.txt')
  return {
    pool,
    resource,
    log: () => logger.records.map(({ message, fields }) => `${message}\n${fields.detail ?? ''}`).join('\n'),
    stop,
    ask: async (path) => {
      const response = await fetch(url + path, { headers: { connection: 'close' } })
      return { status: response.status, text: await response.text() }
    },
    hosts: async (count) => {
      await until(`${count} hosts are ready`, () => ready().length === count)
      return ready()
    },
    template: () => templateOf(process.pid),
    notes: (kind) => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
      return lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1))
    },
  }
}

/** The keepers of a server, oldest first. */
export function keepersOf(server: number): number[] {
  return childrenOf(server).filter((pid) => /host\.py\0preload\0/.test(commandOf(pid)))
}

/** The newest template of a server: the first child of the newest keeper, since hosts come to it later. */
export function templateOf(server: number): number {
  const [template] = childrenOf(keepersOf(server).at(-1) ?? 0)
  if (template === undefined) throw new Error(`Process ${server} has no template`)
  return template
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

/** Memory of a process in MiB: its own, and its part of what it shares. */
export function proportionalMemory(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? []
  return Number(kilobytes) / 1024
}
