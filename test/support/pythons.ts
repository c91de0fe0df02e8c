/**
 * The CPython interpreters of this machine: tests of what an application sees run on each of them.
 * `PLAIT_TEST_PYTHONS=default` limits them to the first `python3` of PATH.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

/** One interpreter. */
export interface TestPython {
  /** Absolute path of the interpreter itself, no wrapper. */
  readonly path: string
  /** `3.11.7`, `3.13.0t` when free-threaded */
  readonly version: string
}

const oldest: readonly [number, number] = [3, 8]
// A free-threaded build (PEP 703) counts as another Python: `3.13.0t`.
const question = `import sys, sysconfig
free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(sys.implementation.name, "%d.%d.%d" % sys.version_info[:3] + free, sys.executable)`

/** PATH's `python3` first, then one of each minor version from 3.8 on, oldest first. */
export function findPythons(): TestPython[] {
  const first = ask('python3')
  if (process.env['PLAIT_TEST_PYTHONS'] === 'default') return first === undefined ? [] : [first]
  const found = new Map<string, TestPython>()
  for (const command of [...installed(), ...onPath()]) {
    const python = ask(command)
    if (python !== undefined && !found.has(minor(python))) found.set(minor(python), python)
  }
  if (first !== undefined) found.delete(minor(first))
  const others = [...found.values()].toSorted(
    (one, other) => Number.parseInt(minor(one).slice(2)) - Number.parseInt(minor(other).slice(2)),
  )
  return first === undefined ? others : [first, ...others]
}

/** `3.13`, `3.13t`. */
function minor({ version }: TestPython): string {
  return version.slice(0, version.lastIndexOf('.')) + (version.endsWith('t') ? 't' : '')
}

/** Those of pyenv, newest patch releases first. */
function installed(): string[] {
  const folder = path.join(homedir(), '.pyenv', 'versions')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }))
  return names.map((name) => path.join(folder, name, 'bin', 'python')).filter((file) => existsSync(file))
}

function onPath(): string[] {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '' && existsSync(folder))
  const names = folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
  return names.filter((file) => /\/python3\.\d+t?$/.test(file))
}

/** What a command says of itself; undefined when it is no CPython that Plait runs on. */
function ask(command: string): TestPython | undefined {
  try {
    const answer = execFileSync(command, ['-c', question], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const [implementation, version = '', ...executable] = answer.split(' ')
    const [major = 0, minorVersion = 0] = version.split('.').map((part) => Number.parseInt(part))
    const recent = major > oldest[0] || (major === oldest[0] && minorVersion >= oldest[1])
    return implementation === 'cpython' && recent ? { path: executable.join(' '), version } : undefined
  } catch {
    return undefined
  }
}
