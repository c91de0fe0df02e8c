import { existsSync } from 'node:fs'
import { PlaitError } from '../errors.ts'
import type { Host, HostOptions } from './host.ts'
import type { SharedByHosts } from './host-family.ts'
import { findPython, type FoundPython } from './python/find-python.ts'
import type { LaunchProcess } from './python/host-process.ts'
import { PythonHost } from './python/python-host.ts'
import { PythonProcess } from './python/python-process.ts'

/** Makes the host that an application needs. Every kind is behind the same contract; what a kind needs is loaded with its first host. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { runIn } = options.application
  if (runIn === 'javascript') {
    const { createJavaScriptHost } = await import('./javascript/javascript-host.ts')
    return createJavaScriptHost(options)
  }
  if (runIn === 'pyodide') return await pyodideHost(options, 'as asked for')
  if (options.application.preload) return await preloadedHost(options)
  const { family } = options
  const known = family.shared instanceof Interpreter && existsSync(family.shared.found.path) ? family.shared.found : undefined
  const found = known ?? (await lookForPython(options))
  if (found instanceof PlaitError) return await instead(options, found)
  family.share(() => new Interpreter(found))
  const launch: LaunchProcess = (events) => new PythonProcess(found.path, options.application, events)
  return new PythonHost(options, found, { launch })
}

/** The interpreter of a family. To ask one who it is takes as long as to start it, which what takes the place of a dead host is not to wait for. */
class Interpreter implements SharedByHosts {
  readonly found: FoundPython

  constructor(found: FoundPython) {
    this.found = found
  }

  end(): Promise<void> {
    return Promise.resolve()
  }
}

/** Forked from a process that has imported the application. */
async function preloadedHost(options: HostOptions): Promise<Host> {
  const { Preload } = await import('./python/preload/preload.ts')
  const { shared } = options.family
  if (shared instanceof Preload) return new PythonHost(options, shared.python, shared)
  const found = await lookForPython(options)
  if (found instanceof PlaitError) return await instead(options, found)
  return new PythonHost(
    options,
    found,
    options.family.share(() => new Preload(options, found)),
  )
}

async function lookForPython({ application: { python, cwd, env } }: HostOptions): Promise<FoundPython | PlaitError> {
  try {
    return await findPython({ ...(python === undefined ? {} : { python }), cwd, env: { ...process.env, ...env } })
  } catch (error) {
    if (error instanceof PlaitError) return error
    throw error
  }
}

/** There is no Python to be used: Pyodide takes its place, unless the user has asked for a certain one. */
async function instead(options: HostOptions, { code, message, detail }: PlaitError): Promise<Host> {
  const { runIn, python, preload, postFork } = options.application
  const why = code === 'PLAIT_PYTHON_TOO_OLD' ? 'the Python here is too old' : 'there is no Python here'
  const { findPyodide } = await import('./pyodide/installed.ts')
  const isAsked = runIn === 'python' || python !== undefined || preload || postFork !== undefined
  if (!isAsked && findPyodide() !== undefined) return await pyodideHost(options, why)
  const advice = isAsked ? '' : '; or run it without Python: npm install pyodide'
  throw new PlaitError(code, message + advice, { status: 500, ...(detail === undefined ? {} : { detail }) })
}

async function pyodideHost(options: HostOptions, because: string): Promise<Host> {
  const { createPyodideHost } = await import('./pyodide/pyodide-host.ts')
  return createPyodideHost(options, because)
}
