import { root } from '../../support/paths.ts'
import { environment, type HostKind } from '../host-kind.ts'
import { python } from '../languages/python.ts'
import { exceptions } from './pyodide-exceptions.ts'

/** Worker threads with CPython in WebAssembly. */
export const pyodide: HostKind = {
  name: 'Pyodide',
  title: 'pyodide',
  language: python,
  application: (name, folder) => ({
    application: `apps:${name}`,
    runIn: 'pyodide',
    cwd: `${root}/test/conformance/python`,
    env: environment(folder),
    writable: [folder],
  }),
  // Each thread has an interpreter of its own.
  concurrency: (threads, processes) => [false, threads * processes > 1],
  hasProcesses: false,
  exceptions,
}
