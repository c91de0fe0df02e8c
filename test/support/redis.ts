/** A Redis server of the distribution, for a test of its own: on a UNIX socket, with nothing on disk. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { createClient } from 'redis'
import { until } from './until.ts'

const places = [
  process.env['REDIS_SERVER'] ?? '',
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
]

const redisPath = places.find((file) => file !== '' && existsSync(file))

/** For the option `skip` of a test: why it cannot run here. Under CI=true nothing is skipped, and the test fails instead. */
export const noRedis: string | false =
  redisPath === undefined && process.env['CI'] !== 'true' && 'no redis-server here: install it, or set REDIS_SERVER to its path'

/** A server that runs. */
export interface RedisServer {
  readonly socket: string
  /** A client that is connected; closed with the test. */
  connect(): Promise<ReturnType<typeof createClient>>
  /** SIGSTOP: it is there, and says nothing. */
  freeze(): void
  thaw(): void
  /** SIGKILL. */
  kill(): Promise<void>
}

/** Starts one; it ends with the test. */
export async function startRedis(t: TestContext): Promise<RedisServer> {
  if (redisPath === undefined) throw new Error('There is no redis-server: install it, or set REDIS_SERVER to its path')
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-redis-'))
  const socket = path.join(folder, 's')
  const words = ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn(redisPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit')
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.after(async () => {
    await kill()
    process.off('exit', killAtExit)
    rmSync(folder, { recursive: true, force: true })
  })
  await until('Redis is ready', () => {
    if (child.exitCode !== null) throw new Error(`redis-server has ended\n${log}`)
    return /ready to accept connections/i.test(log)
  })
  const connect = async (): ReturnType<RedisServer['connect']> => {
    const client = createClient({ socket: { path: socket, tls: false } })
    client.on('error', () => undefined)
    await client.connect()
    t.after(() => client.destroy())
    return client as ReturnType<typeof createClient>
  }
  return { socket, connect, freeze: () => void child.kill('SIGSTOP'), thaw: () => void child.kill('SIGCONT'), kill }
}
