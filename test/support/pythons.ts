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
  /** `3.11.7` */
  readonly version: string
}

const oldest: readonly [number, number] = [3, 8]
const question = 'import sys; print(sys.implementation.name, "%d.%d.%d" % sys.version_info[:3], sys.executable)'

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
  const others = [...found.values()].toSorted((one, other) => Number(minor(one).slice(2)) - Number(minor(other).slice(2)))
  return first === undefined ? others : [first, ...others]
}

function minor({ version }: TestPython): string {
  return version.slice(0, version.lastIndexOf('.'))
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
  return names.filter((file) => /\/python3\.\d+$/.test(file))
}

/** What a command says of itself; undefined when it is no CPython that Plait runs on. */
function ask(command: string): TestPython | undefined {
  try {
    const answer = execFileSync(command, ['-c', question], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const [implementation, version = '', ...executable] = answer.split(' ')
    const [major = 0, minorVersion = 0] = version.split('.').map(Number)
    const recent = major > oldest[0] || (major === oldest[0] && minorVersion >= oldest[1])
    return implementation === 'cpython' && recent ? { path: executable.join(' '), version } : undefined
  } catch {
    return undefined
  }
}
