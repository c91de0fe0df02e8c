import { root } from '../../support/paths.ts'
import type { TestPython } from '../../support/pythons.ts'
import { environment, type HostKind } from '../host-kind.ts'
import { python } from '../languages/python.ts'

/** Processes of a Python. */
export function cpython({ path, version }: TestPython): HostKind {
  return {
    name: `CPython ${version}`,
    title: 'python',
    language: python,
    application: (name, folder) => ({
      application: `apps:${name}`,
      runIn: 'python',
      python: path,
      cwd: `${root}/test/conformance/python`,
      env: { ...environment(folder), PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: '' },
    }),
    concurrency: (threads, processes) => [threads > 1, processes > 1],
    hasProcesses: true,
    exceptions: {},
  }
}
