import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Where to look. */
export interface FindPackagesOptions {
  /** The application's directory. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the user asked for as interpreter: the folder of a venv, or the `python` in one. */
  readonly python: string | undefined
}

/** A folder of packages, and why this one. */
export interface FoundPackages {
  readonly folder: string
  /** In words. */
  readonly why: string
}

/**
 * The packages of the venv that `findPython` would take: the one asked for, else `VIRTUAL_ENV`, `.venv` or `venv` of the directory, that of its uv project.
 * Nothing is run for it. Undefined: there is no venv.
 */
export function findPackages(options: FindPackagesOptions): FoundPackages | undefined {
  for (const { where, folder } of venvs(options)) {
    const packages = sitePackages(folder)
    if (packages !== undefined) return { folder: packages, why: where }
  }
  return undefined
}

function* venvs({ cwd, env, python }: FindPackagesOptions): Generator<{ where: string; folder: string }> {
  if (python !== undefined) {
    const full = path.resolve(cwd, python)
    // `bin/python` of a venv is a link: its own path says which venv.
    const folder = existsSync(full) && !statSync(full).isDirectory() ? path.dirname(path.dirname(full)) : full
    yield { where: `asked for: ${python}`, folder }
    return
  }
  const { VIRTUAL_ENV, UV_PROJECT_ENVIRONMENT } = env
  if (VIRTUAL_ENV) yield { where: `VIRTUAL_ENV (${VIRTUAL_ENV})`, folder: VIRTUAL_ENV }
  for (const name of ['.venv', 'venv']) yield { where: `the ${name} of ${cwd}`, folder: path.join(cwd, name) }
  const project = projectFolder(cwd)
  if (project === undefined) return
  yield {
    where: `the environment of the uv project ${project}`,
    folder: path.resolve(project, UV_PROJECT_ENVIRONMENT || '.venv'),
  }
}

/** The nearest folder upwards that has a pyproject.toml. */
function projectFolder(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'pyproject.toml'))) return folder
    if (folder === path.dirname(folder)) return undefined
  }
}

function sitePackages(venv: string): string | undefined {
  const lib = path.join(venv, 'lib')
  if (!existsSync(path.join(venv, 'pyvenv.cfg')) || !existsSync(lib)) return undefined
  return readdirSync(lib)
    .filter((name) => /^python3(?:\.\d+)?$/.test(name))
    .map((name) => path.join(lib, name, 'site-packages'))
    .find((folder) => existsSync(folder))
}
