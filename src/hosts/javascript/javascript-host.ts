import { defaults } from '../../defaults.ts'
import type { Host, HostOptions } from '../host.ts'
import { letLoopsEnd } from '../worker/endless-loops.ts'
import { memoryLimit } from '../worker/thread-memory.ts'
import { WorkerHost } from '../worker/worker-host.ts'
import type { ModuleExport } from '../application.ts'
import { findExport } from './function-origin.ts'
import type { Transpiled } from '../../modules/transpile.ts'
import type { ThreadData } from './thread/main.ts'

/** Each has a thread with a heap of its own, of some MiB. */
const MOST_STREAMS = 64

/**
 * Worker threads that run an application in TypeScript or JavaScript.
 * @throws PlaitError `PLAIT_CONFIGURATION` for a function that no module exports, `PLAIT_MODULE`
 */
export async function createJavaScriptHost(options: HostOptions): Promise<Host> {
  const { application, maxThreads, maxStreams = 0 } = options
  letLoopsEnd()
  const { file, name } = await findExport(application.module as ModuleExport)
  const transpiled: Transpiled = new Map()
  const data: ThreadData = {
    module: file,
    exportName: name,
    // What one thread keeps in its module, another does not see.
    transpiled,
    multiprocess: maxThreads + maxStreams > 1 || options.multiprocess,
    responseWindow: defaults.responseWindow,
    inputWindow: defaults.inputWindow,
  }
  return new WorkerHost(options, {
    runtime: {
      name: `Node ${process.versions.node}`,
      executable: process.execPath,
      why: 'worker threads of the server',
      inThreads: true,
    },
    language: 'JavaScript',
    entry: new URL('./thread/main.js', import.meta.url),
    data: { ...data },
    onLoaded: (report) => report.transpiled?.forEach((code, path) => transpiled.set(path, code)),
    env: { ...process.env, ...application.env },
    memory: memoryLimit(application.memory ?? defaults.javascriptMemory),
    timeout: application.timeout,
    mostStreams: MOST_STREAMS,
  })
}
