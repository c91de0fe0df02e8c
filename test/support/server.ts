/**
 * Real server processes for end-to-end tests: Plait's own command, a program of the test's, and the reference server
 * `wsgiref.simple_server`. Each is ended by its process id, at the latest when the test process ends.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { root } from './paths.ts'
import { until } from './until.ts'

/** What to serve, and how. */
export interface ServedApplication {
  /** `module:attribute`. */
  application: string
  /** Directory of the module. */
  folder: string
  /** Interpreter. @default the first that Plait finds */
  python?: string
  /** Beside the test's own environment. */
  env?: Readonly<Record<string, string>>
}

/** More for Plait. */
export interface PlaitOptions extends ServedApplication {
  /** Further options of `plait web`. */
  options?: readonly string[]
  /** In a process group of its own, as a shell starts it. @default false */
  ownGroup?: boolean
}

/** A server that runs. */
export interface RunningServer {
  /** Without a slash at the end. */
  readonly url: string
  readonly pid: number
  readonly process: ChildProcess
  /** Everything that it wrote so far to standard output and standard error. */
  log(): string
  /** Fulfilled with its exit code, or with the name of the signal that ended it. */
  readonly exited: Promise<number | string>
  /** Ends it (SIGTERM) and waits for its end. Rejected when 10 s were not enough and it had to be killed. Idempotent. */
  stop(): Promise<void>
}

const listening = /listening on (https?:\/\/[^\s"]+?)\/?[\s"]/

/** Serves an application with `plait web` on a free port of 127.0.0.1. */
export function startPlait(served: PlaitOptions): Promise<RunningServer> {
  const words = [`${root}/dist/cli/main.js`, 'web', '--listen', 'tcp:0:interface=127.0.0.1']
  words.push('--wsgi', served.application, '--chdir', served.folder)
  if (served.python !== undefined) words.push('--python', served.python)
  return start(process.execPath, [...words, ...(served.options ?? [])], served.env, { ownGroup: served.ownGroup ?? false })
}

/** Where {@link startWeb} runs. */
export interface WebSurroundings {
  cwd?: string
  env?: Readonly<Record<string, string>>
  /** Words of a command that becomes the program that it is given (`exec`). */
  under?: readonly string[]
  /** The file in which it says where it listens. @default standard output or error */
  urlIn?: (pid: number) => string
}

/** Runs `plait web` with these words, in `cwd`, on a free port of 127.0.0.1 unless they say where to listen. */
export function startWeb(
  words: readonly string[],
  { cwd = root, env = {}, under = [], urlIn }: WebSurroundings = {},
): Promise<RunningServer> {
  const listens = words.some((word) => /^(?:--listen|--port|-p|--https)/.test(word)) || env['PLAIT_LISTEN'] !== undefined
  const where = listens ? [] : ['--listen', '127.0.0.1:0']
  const [program = process.execPath, ...rest] = [...under, process.execPath]
  return start(program, [...rest, `${root}/dist/cli/main.js`, 'web', ...where, ...words], env, { cwd, urlIn })
}

/** Runs a program of the test's (compiled, in build/test) which writes `listening on http://…` when it does. */
export function startProgram(file: string, env?: Readonly<Record<string, string>>): Promise<RunningServer> {
  return start(process.execPath, [file], env)
}

/** Runs a program of Python's which writes `listening on http://…` when it does. */
export function startPython(python: string, words: readonly string[]): Promise<RunningServer> {
  return start(python, words)
}

/** Serves an application with the standard library's reference server, one thread for each connection. */
export function startReference(served: ServedApplication): Promise<RunningServer> {
  const words = [`${root}/test/fixtures/serve_with_wsgiref.py`, served.folder, served.application]
  return start(served.python ?? 'python3', words, served.env)
}

async function start(
  program: string,
  words: readonly string[],
  env?: object,
  { ownGroup = false, cwd, urlIn }: { ownGroup?: boolean; cwd?: string; urlIn?: ((pid: number) => string) | undefined } = {},
): Promise<RunningServer> {
  const child = spawn(program, words, {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
    ...(cwd === undefined ? {} : { cwd }),
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit').then(([code, signal]) => {
    process.off('exit', kill)
    return (code ?? signal) as number | string
  })
  exited.catch(() => undefined)
  const url = await urlOf(child, () => log + (urlIn === undefined ? '' : textOf(urlIn(child.pid as number))))
  const stop = async (): Promise<void> => {
    let killed = false
    const timer = setTimeout(() => (killed = child.kill('SIGKILL')), 10_000)
    child.kill('SIGTERM')
    await exited
    clearTimeout(timer)
    if (killed) throw new Error(`The server did not end on SIGTERM\n${log}`)
  }
  return { url, pid: child.pid as number, process: child, log: () => log, exited, stop }
}

/** The text of a file; none while it is not there. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** The URL, once the server listens; its log as an error when it does not come to that. */
async function urlOf(child: ChildProcess, log: () => string): Promise<string> {
  try {
    const found = await until(
      'the server listens',
      () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('The server has ended')
        return listening.exec(log())
      },
      60,
    )
    return found[1] as string
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${(error as Error).message}\n${log()}`, { cause: error })
  }
}
