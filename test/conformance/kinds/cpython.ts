import type { ApplicationSpec } from '#src/hosts/application.ts'
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

/** Processes of a Python that are forked from one which has imported the application. */
export function preloadedCpython(installed: TestPython): HostKind {
  const kind = cpython(installed)
  return {
    ...kind,
    name: `${kind.name}, preloaded`,
    application: (name, folder) => ({ ...(kind.application(name, folder) as ApplicationSpec), preload: true }),
  }
}
