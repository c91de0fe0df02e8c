import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { NodeReactor, ThreadPool, WSGIResource } from '#src/index.ts'
import type { ApplicationSpec, ThreadPoolOptions, WSGIOptions } from '#src/index.ts'
import { RecordingLogger } from '#src/testing.ts'
import { listening } from '../listening.ts'

/** A server in this process, with an application in Pyodide. */
export interface Served {
  readonly url: string
  readonly pool: ThreadPool
  /** The application's directory. `data` in it is the writable one. */
  readonly folder: string
  readonly resource: WSGIResource
  /** The text of an answer, with its status before it when that is not 200. */
  text(target: string, init?: RequestInit): Promise<string>
  /** The log so far. */
  log(): string
}

/** What may be asked for beside the application. */
export interface ServeOptions extends ThreadPoolOptions {
  readonly spec?: Partial<ApplicationSpec>
  readonly wsgi?: WSGIOptions
  /** Further files in the application's directory. */
  readonly files?: Readonly<Record<string, string>>
  /** Links there, and where they lead. */
  readonly links?: Readonly<Record<string, string>>
}

/** An application that does what a function named as its path does: it gets the environ, and gives text or an iterable of bytes. */
const dispatch = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    result = globals()[environ["PATH_INFO"][1:]](environ)
    return [result.encode()] if isinstance(result, str) else result

def hello(environ):
    return "hello"

def sleep(environ):
    time.sleep(float(environ["QUERY_STRING"]))
    return "slept"
`

/** Serves an application with these functions of Python. */
export async function servePython(t: TestContext, functions: string, options: ServeOptions = {}): Promise<Served> {
  const { spec = {}, wsgi = {}, files = {}, links = {}, ...others } = options
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plait-pyodide-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(path.join(folder, 'data'))
  const imports = 'import os, sys, time\n'
  for (const [name, text] of Object.entries({ 'app.py': imports + dispatch + functions, ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(folder, name))
  const logger = new RecordingLogger()
  const reactor = new NodeReactor({ logger })
  const pool = new ThreadPool({ maxThreads: 1, logger, ...others })
  const application = { application: 'app.application', runIn: 'pyodide', cwd: folder, writable: ['data'], ...spec } as const
  const resource = new WSGIResource(reactor, pool, application, wsgi)
  return {
    ...(await listening(t, reactor, logger, resource)),
    pool,
    folder,
    resource,
  }
}
