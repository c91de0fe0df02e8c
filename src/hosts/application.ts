import path from 'node:path'
import { PlaitError } from '../errors.ts'

/** An application with its own interpreter, directory or environment. */
export interface ApplicationSpec {
  /** Its name: `foo.application`, `pkg.mod:attr`, `pkg:create_app()` (literal arguments), `./legacy/wsgi.py:application`. */
  application: string
  /** Interpreter: a path, the folder of a venv, or a name on PATH. @default found, see `findPython` */
  python?: string
  /** Directory in which the application runs and from which it is imported. @default the server's */
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
  const cwd = path.resolve(spec.cwd ?? '.')
  const env = Object.freeze({ ...spec.env })
  const key = JSON.stringify([name, spec.python ?? null, cwd, Object.entries(env).toSorted()])
  return Object.freeze({ key, name, python: spec.python, cwd, env })
}

function describe(reference: unknown): string {
  if (typeof reference === 'function') return `the function ${reference.name || '(anonymous)'}`
  return JSON.stringify(reference) ?? String(reference)
}
