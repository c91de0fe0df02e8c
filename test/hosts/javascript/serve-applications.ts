import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { Data, NodeReactor, Resource, ThreadPool, WSGIResource } from '#src/index.ts'
import type { ApplicationSpec, ThreadPoolOptions } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import { listening } from '../listening.ts'

/** A server in this process. */
export interface Served {
  readonly url: string
  readonly pool: ThreadPool
  readonly reactor: NodeReactor
  readonly folder: string
  readonly resource: WSGIResource
  readonly root: Resource
  /** The text of an answer, with its status before it when that is not 200. */
  text(target: string, init?: RequestInit): Promise<string>
  /** The log so far. */
  log(): string
  stop(): Promise<void>
}

/** A folder with these files. */
export function folderOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-threads-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  return folder
}

/** Serves `application` of `source`, an `app.ts`, at `/app`, and a file at `/static`. */
export async function serveApplication(
  t: TestContext,
  source: string,
  { spec = {}, ...options }: ThreadPoolOptions & { spec?: Partial<ApplicationSpec> } = {},
): Promise<Served> {
  const folder = folderOf(t, { 'app.ts': source })
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const pool = new ThreadPool({ maxThreads: 4, logger, ...options })
  const resource = new WSGIResource(reactor, pool, { application: path.join(folder, 'app.ts'), ...spec })
  const root = new Resource()
  root.putChild('app', resource)
  root.putChild('static', new Data('static', 'text/plain'))
  return {
    ...(await listening(t, reactor, logger, root)),
    pool,
    reactor,
    folder,
    resource,
    root,
    stop: () => reactor.stop(),
  }
}

/** The head of an application: it answers 200 with whatever a function gives for the path. */
export const answering = (functions: string): string => `
import type { Environ, StartResponse } from 'plait'
import { threadId } from 'node:worker_threads'
const sleep = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const paths: Record<string, (environ: Environ, startResponse: StartResponse) => unknown> = {
  hello: () => 'hello',
  thread: () => String(threadId),
  block: (environ) => (sleep(Number(environ.QUERY_STRING)), 'blocked'),
  ${functions}
}
export function application(environ: Environ, startResponse: StartResponse): any {
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  const result = paths[environ.PATH_INFO.slice(1)]!(environ, startResponse)
  return typeof result === 'string' ? [result] : result
}
`
