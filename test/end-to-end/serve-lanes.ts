import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { HealthResource, MountTree, NodeReactor, ThreadPool, WSGIResource } from '#src/index.ts'
import type { ThreadPoolOptions, WSGIOptions } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import { listening, type Listening } from '../hosts/listening.ts'
import { root } from '../support/paths.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

/** test/fixtures/lanes/lanes.py in a server of this process. */
export interface ServedLanes extends Listening {
  readonly pool: ThreadPool
  /** A raw connection, closed when the test ends. */
  client(options?: { paused?: boolean }): Promise<RawClient>
  /** Query of a request that runs until {@link release}. */
  readonly hold: string
  release(): void
  /** How many clients have asked for this and have their first bytes. */
  clients(count: number, path: string): Promise<RawClient[]>
}

/** Serves it at `/`, with `/healthz` beside it. */
export async function serveLanes(
  t: TestContext,
  options: ThreadPoolOptions = {},
  limits: WSGIOptions = {},
): Promise<ServedLanes> {
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const pool = new ThreadPool({ maxThreads: 4, logger, gracefulTimeout: 2, ...options })
  const application = { application: 'lanes:application', cwd: `${root}/test/fixtures/lanes` }
  const resource = new WSGIResource(reactor, pool, application, limits)
  const clients: RawClient[] = []
  const served = await listening(t, reactor, logger, new MountTree({ '/': resource, '/healthz': new HealthResource(reactor) }))
  await resource.prepare()
  const folder = mkdtempSync(join(tmpdir(), 'plait-lanes-'))
  const release = (): void => writeFileSync(`${folder}/go`, '')
  t.after(async () => {
    // Before the reactor stops, which would wait for their requests.
    release()
    for (const one of clients) one.destroy()
    await until('nothing runs', () => pool.statistics().working === 0).finally(() =>
      rmSync(folder, { recursive: true, force: true }),
    )
  })
  const client = async (how?: { paused?: boolean }): Promise<RawClient> => {
    const one = await RawClient.connect(served.url, how)
    clients.push(one)
    return one
  }
  const several = (count: number, path: string): Promise<RawClient[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const one = await client()
        one.get(path)
        return one
      }),
    )
  return { ...served, pool, hold: `until=${folder}/go`, release, client, clients: several }
}

/** Milliseconds that each of so many pages takes, one after the other, sorted. */
export async function timesOf(count: number, page: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let number = 0; number < count; number++) {
    const begun = performance.now()
    await page()
    times.push(performance.now() - begun)
  }
  return times.toSorted((a, b) => a - b)
}

/** Waits until 95 of 100 pages, one after the other, take less than so many milliseconds each: a machine that is busy may need more than one try. */
export async function takesLessThan(milliseconds: number, page: () => Promise<unknown>): Promise<void> {
  let p95 = NaN
  const tries = until('pages are quick', async () => (p95 = (await timesOf(100, page))[94] as number) < milliseconds, 60)
  await tries.catch((error: unknown) => {
    throw new Error(`p95 is ${p95} ms, not less than ${milliseconds}`, { cause: error })
  })
}
