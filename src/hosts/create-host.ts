import { PlaitError } from '../errors.ts'
import type { Host, HostOptions } from './host.ts'
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
  const found = await lookForPython(options)
  return found instanceof PlaitError
    ? await instead(options, found)
    : new PythonHost(options, found, await launcher(options, found))
}

/** How the processes of an application come about: forked from one that has imported it, or started as programs. */
async function launcher(options: HostOptions, python: FoundPython): Promise<{ launch: LaunchProcess }> {
  const { application, family } = options
  if (!application.preload) return { launch: (events) => new PythonProcess(python.path, application, events) }
  const { Preload } = await import('./python/preload/preload.ts')
  const preload = family.share(() => new Preload(options, python))
  return { launch: (events) => preload.launch(events) }
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
