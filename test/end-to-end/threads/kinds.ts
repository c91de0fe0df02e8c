import { readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import type { TestContext } from 'node:test'
import { folderWith } from '../../cli/run-plait.ts'
import { ask } from '../../support/ask.ts'
import { startPlait, type RunningServer } from '../../support/server.ts'

/** A kind of host, with the same application in its language: `/` says which version it is, after `ms`; `/note` also writes `id` into a file, `/die` ends the host's thread or process, `/loop` has no end. */
export interface Kind {
  readonly name: 'python' | 'javascript' | 'pyodide'
  readonly file: string
  /** As `--wsgi` wants it. */
  readonly application: string
  readonly options: readonly string[]
  /** @param first runs when it is loaded */
  source(version: string, first?: string): string
  /** Statements that never end. */
  readonly endless: readonly string[]
  /** What the log says of a loop without end in `/loop`. */
  readonly loops: RegExp
  /** What its log says of a module that is not there. */
  readonly missing: { readonly statement: string; readonly said: RegExp }
}

const javascript: Kind = {
  name: 'javascript',
  file: 'app.ts',
  application: './app.ts#application',
  options: [],
  source: (version, first = '') => `import { appendFileSync } from 'node:fs'
import type { Environ, StartResponse } from 'plait'
${first}
const rest = new Int32Array(new SharedArrayBuffer(4))
function runForEver(): never {
  for (;;);
}
export function application(environ: Environ, startResponse: StartResponse): string[] {
  const asked = new URLSearchParams(environ.QUERY_STRING)
  if (environ.PATH_INFO === '/note') appendFileSync(process.env['NOTES'] as string, asked.get('id') + '\\n')
  Atomics.wait(rest, 0, 0, Number(asked.get('ms') ?? 0))
  if (environ.PATH_INFO === '/die') process.exit(3)
  if (environ.PATH_INFO === '/loop') runForEver()
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  return [asked.get('id') ?? 'version ${version}']
}
`,
  endless: ['for (;;);', 'await new Promise(() => undefined)'],
  loops: /at runForEver \(\S+app\.ts:6:/,
  missing: { statement: `import './nothing-of-that-name.ts'`, said: /nothing-of-that-name/ },
}

const python = {
  file: 'app.py',
  source: (version: string, first = ''): string => `import os, time
from urllib.parse import parse_qs
${first}
def run_for_ever():
    while True:
        pass
def application(environ, start_response):
    asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    if environ["PATH_INFO"] == "/note":
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(asked["id"] + "\\n")
    time.sleep(int(asked.get("ms", 0)) / 1000)
    if environ["PATH_INFO"] == "/die":
        os._exit(3)
    if environ["PATH_INFO"] == "/loop":
        run_for_ever()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [asked.get("id", "version ${version}").encode()]
`,
  endless: ['while True: time.sleep(0.01)'],
  loops: /app\.py", line 6, in run_for_ever/,
  missing: { statement: 'import nothing_of_that_name', said: /No module named 'nothing_of_that_name'/ },
}

/** All three. */
export const kinds: readonly Kind[] = [
  { ...python, name: 'python', application: 'app:application', options: [] },
  javascript,
  { ...python, name: 'pyodide', application: 'app:application', options: ['--run-in', 'pyodide'] },
]

/** Those whose threads are the server's own. */
export const threadKinds: readonly Kind[] = kinds.filter(({ name }) => name !== 'python')

/** A server with the application of a kind. */
export interface KindServer extends RunningServer {
  /** Writes another version of the application. */
  write(version: string, first?: string): void
  /** A body with 200, else the status and the body, or how it failed. */
  ask(target: string, options?: { method?: string; agent?: Agent }): Promise<string>
  readonly folder: string
  /** The ids that the application has noted. */
  notes(): string[]
}

/** Starts `plait web` with version 1 of it. */
export async function serveKind(
  t: TestContext,
  kind: Kind,
  { options = [], first = '' }: { options?: readonly string[]; first?: string } = {},
): Promise<KindServer> {
  const folder = folderWith(t, { [kind.file]: kind.source('1', first), 'data/notes.txt': '' })
  const notes = `${folder}/data/notes.txt`
  const { application } = kind
  const server = await startPlait({
    application,
    folder,
    env: { NOTES: notes },
    options: [...kind.options, '--writable', `${folder}/data`, ...options],
  })
  t.after(() => server.stop())
  return {
    ...server,
    folder,
    write: (version, more) => writeFileSync(`${folder}/${kind.file}`, kind.source(version, more)),
    ask: (target, options) => ask(server.url + target, options),
    notes: () =>
      readFileSync(notes, 'utf8')
        .split('\n')
        .filter((id) => id !== ''),
  }
}

/** Sixteen clients that ask on and on, half of them with a connection for each request. */
export class Load {
  readonly answers = new Map<string, number>()
  readonly #kept = new Agent({ keepAlive: true })
  readonly #clients: Promise<void>[]
  #over = false

  constructor(server: KindServer, count = 16) {
    const client = async (name: number): Promise<void> => {
      for (let number = 0; !this.#over; number++) {
        const target = `/?ms=${5 + ((name * 31 + number * 67) % 96)}`
        const answer = await server.ask(target, { agent: name % 2 === 0 ? this.#kept : new Agent() })
        this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1)
      }
    }
    this.#clients = Array.from({ length: count }, (_, name) => client(name))
  }

  /** Ends it. @returns answers that are no version of the application */
  async end(): Promise<string[]> {
    this.#over = true
    await Promise.all(this.#clients)
    this.#kept.destroy()
    return [...this.answers.keys()].filter((answer) => !/^version \d+$/.test(answer))
  }
}
