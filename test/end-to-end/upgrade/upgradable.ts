import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request, type Agent, type RequestOptions } from 'node:http'
import type { TestContext } from 'node:test'
import { root } from '../../support/paths.ts'
import { isAlive } from '../../support/processes.ts'
import { until } from '../../support/until.ts'

/** A server that gives its place to others. */
export interface Upgradable {
  /** Without a slash at the end. */
  readonly url: string
  /** Process ids, the first one first. */
  readonly pids: readonly number[]
  /** Process id of the one that serves now. */
  readonly pid: number
  /** What all of them wrote. */
  log(): string
  /** The first one's exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>
  /** SIGUSR2 to the one that serves; gives the process id of the one that serves then. */
  upgrade(): Promise<number>
  /** SIGTERM to the one that serves; fulfilled when none of them lives. */
  stop(): Promise<void>
}

/** How to start it. */
export interface UpgradableOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** What stands in front of the program. */
  readonly before?: readonly string[]
  /** For Node, in place of `plait web`; an empty one when `before` has it all. */
  readonly program?: readonly string[]
}

const UPGRADED = /Upgraded: process (\d+) serves/g

/** Runs `plait web` with these words, in a process group of its own, all of which is killed behind the test. */
export async function startUpgradable(
  t: TestContext,
  words: readonly string[],
  { cwd, env = {}, before = [], program = [`${root}/dist/cli/main.js`, 'web'] }: UpgradableOptions,
): Promise<Upgradable> {
  const [first = '', ...rest] = [...before, ...(program.length === 0 ? [] : [process.execPath]), ...program, ...words]
  const child = spawn(first, rest, {
    cwd,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const group = child.pid as number
  t.after(() => kill(-group))
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  const [, url = ''] = (await until(
    'the server listens',
    () => {
      if (ended()) throw new Error(`The server has ended\n${log}`)
      return /listening on (https?:\/\/[^\s"]+?)\/?[\s"]/.exec(log)
    },
    60,
  )) as unknown as string[]
  const pids = (): number[] => [group, ...[...log.matchAll(UPGRADED)].map(([, pid]) => Number(pid))]
  const current = (): number => pids().at(-1) as number
  return {
    url,
    get pids() {
      return pids()
    },
    get pid() {
      return current()
    },
    log: () => log,
    exited,
    upgrade: async () => {
      const was = current()
      process.kill(was, 'SIGUSR2')
      await until(
        'another process serves',
        () => {
          if (/Not upgraded/.test(log)) throw new Error(`It was not upgraded\n${log}`)
          return current() !== was
        },
        60,
      )
      return current()
    },
    stop: async () => {
      process.kill(current(), 'SIGTERM')
      await until(`all have ended\n${log}`, () => !pids().some(isAlive), 40)
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // They are gone, as they should be.
  }
}

/** An application that says which version of it is loaded, and can take its time. */
export const versionSource = (version: number | string): string => `import os, time
def application(environ, start_response):
    time.sleep(int(environ["QUERY_STRING"] or 0) / 1000)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"version ${version}"]
`

/** Body of a GET, or `failed: …`. Nothing is sent twice. */
export function ask(where: RequestOptions, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ ...where, agent })
    sent.on('error', (error) => resolve(`failed: ${error.message}`))
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => (text += more))
      response.on('close', () =>
        resolve(response.statusCode === 200 && response.complete ? text : `failed: ${response.statusCode} ${text}`),
      )
    })
    sent.end()
  })
}

/** Of an URL, or of a UNIX socket, with a path. */
export function at(place: string, path: string): RequestOptions {
  if (place.startsWith('/')) return { socketPath: place, path }
  const { hostname, port } = new URL(place)
  return { hostname, port, path }
}
