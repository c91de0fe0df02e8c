import { existsSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../errors.ts'
import { callingModule } from '../modules/calling-module.ts'

/** An application with its own interpreter, directory or environment. */
export interface ApplicationSpec {
  /** Its name: `foo.application`, `pkg.mod:attr`, `pkg:create_app()` (literal arguments), `./legacy/wsgi.py:application`. */
  application: string
  /** Interpreter: a path, the folder of a venv, or a name on PATH. @default found, see `findPython` */
  python?: string
  /**
   * Directory in which the application runs and from which it is imported.
   * @default for a script or service file that has the application beside it: its own directory; else the server's working directory
   */
  cwd?: string
  /** Environment variables set beside the server's own. @default none */
  env?: Readonly<Record<string, string>>
}

/** How users name an application. */
export type ApplicationReference = string | ApplicationSpec

/** An application, settled: equal keys mean the same application, which then shares hosts. */
export interface Application {
  readonly key: string
  /** As the user wrote it. */
  readonly name: string
  readonly python: string | undefined
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Settles a reference. Throws `PLAIT_CONFIGURATION` when it is no name. Nothing is imported yet. */
export function resolveApplication(reference: ApplicationReference): Application {
  const spec: ApplicationSpec = typeof reference === 'string' ? { application: reference } : reference
  if (typeof spec !== 'object' || spec === null || typeof spec.application !== 'string' || spec.application.trim() === '') {
    throw new PlaitError(
      'PLAIT_CONFIGURATION',
      `Cannot serve ${describe(reference)}: an application is named like 'foo.application', 'pkg.mod:attr' or './wsgi.py:application'`,
    )
  }
  const name = spec.application.trim()
  const cwd = path.resolve(spec.cwd ?? directoryOfCaller(name) ?? '.')
  const env = Object.freeze({ ...spec.env })
  const key = JSON.stringify([name, spec.python ?? null, cwd, Object.entries(env).toSorted()])
  return Object.freeze({ key, name, python: spec.python, cwd, env })
}

/** The directory of the script that names the application, where it lies there. */
function directoryOfCaller(name: string): string | undefined {
  const script = callingModule()
  if (script === undefined) return undefined
  const directory = path.dirname(script)
  const [file] = /^[^:]*\.py(?=:|$)/.exec(name) ?? []
  const [top = ''] = name.split(/[.:]/)
  const places = file === undefined ? [`${top}.py`, `${top}/__init__.py`] : [file]
  return places.some((place) => existsSync(path.resolve(directory, place))) ? directory : undefined
}

function describe(reference: unknown): string {
  if (typeof reference === 'function') return `the function ${reference.name || '(anonymous)'}`
  return JSON.stringify(reference) ?? String(reference)
}
