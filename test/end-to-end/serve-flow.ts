import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Browser } from '../support/browser.ts'
import { root } from '../support/paths.ts'
import { RawClient } from '../support/raw-client.ts'
import { startPlait, startProgram, type RunningServer } from '../support/server.ts'

/** test/fixtures/flow/flow.py in a server. */
export interface FlowServer extends RunningServer {
  /** Body of a page. */
  page(path: string): Promise<string>
  /** Process id of the host. */
  hostPid(): Promise<number>
  /** A raw connection, closed before the server is stopped (which would wait for its request). */
  client(options?: { paused?: boolean }): Promise<RawClient>
  /** The lines that the application has noted. */
  notes(): string[]
}

/** Serves it with `plait web`. */
export function serveFlow({
  options = [],
  ownGroup = false,
}: { options?: string[]; ownGroup?: boolean } = {}): Promise<FlowServer> {
  return serve((env) =>
    startPlait({ application: 'flow:application', folder: `${root}/test/fixtures/flow`, env, options, ownGroup }),
  )
}

/** Serves it with a program of test/fixtures/programs. */
export function serveProgram(name: string): Promise<FlowServer> {
  return serve((env) => startProgram(`${root}/build/test/fixtures/programs/${name}.js`, env))
}

async function serve(start: (env: Record<string, string>) => Promise<RunningServer>): Promise<FlowServer> {
  const data = mkdtempSync(join(tmpdir(), 'plait-test-'))
  const server = await start({ APP_DATA: data })
  const page = async (path: string): Promise<string> => (await new Browser(server.url).visit({ path })).text
  const clients: RawClient[] = []
  const file = `${data}/notes.txt`
  return {
    ...server,
    page,
    hostPid: async () => Number(await page('/pid')),
    client: async (options) => {
      const client = await RawClient.connect(server.url, options)
      clients.push(client)
      return client
    },
    notes: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
    stop: async () => {
      for (const client of clients) client.destroy()
      await server.stop().finally(() => rmSync(data, { recursive: true, force: true }))
    },
  }
}
