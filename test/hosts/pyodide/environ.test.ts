import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { HostFamily } from '#src/hosts/host-family.ts'
import { resolveApplication } from '#src/hosts/application.ts'
import { createHost } from '#src/hosts/create-host.ts'
import type { HostSink } from '#src/hosts/host.ts'
import { silentLogger } from '#src/log/logger.ts'

/** Gives back what it finds under the name `X`, by its length and its last letters. */
const source = `
def application(environ, start_response):
    start_response("200 OK", [])
    value = environ["X"]
    return [repr((len(value), value[-5:], environ["Y"], "X-Y" in environ)).encode()]
`

for (const [what, value, expected] of [
  ['a NUL in it', 'a\0Y\0forged', String.raw`(10, 'orged', 'true', False)`],
  ['letters beyond ASCII', 'größer', String.raw`(6, 'rößer', 'true', False)`],
  ['more bytes than the buffer', 'x'.repeat(300_000), String.raw`(300000, 'xxxxx', 'true', False)`],
] as const) {
  test(`PyodideHost hands over a value of the environ with ${what} as it is`, async (t) => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'plait-environ-'))
    t.after(() => rmSync(cwd, { recursive: true, force: true }))
    writeFileSync(path.join(cwd, 'app.py'), source)
    const application = resolveApplication({ application: 'app.application', runIn: 'pyodide', cwd })
    const options = {
      id: 'one',
      application,
      minThreads: 1,
      maxThreads: 1,
      multiprocess: false,
      family: new HostFamily(),
      logger: silentLogger,
    }
    // Worker threads keep no program alive.
    const alive = setInterval(() => undefined, 1000)
    const host = await createHost(options)
    t.after(() => host.stop({ timeout: 0 }).finally(() => clearInterval(alive)))
    await host.start()
    host.permits = 1
    const answer = new Promise<string>((resolve, reject) => {
      let text = ''
      const sink: Partial<HostSink> = {
        respond: (_head, body) => (text += Buffer.from(body).toString()),
        data: (chunk) => (text += Buffer.from(chunk).toString()),
        finished: (outcome) => (outcome === undefined ? resolve(text) : reject(outcome)),
      }
      host.run({ environ: ['X', value, 'Y', 'true'], body: undefined }, sink as HostSink)
    })
    assert.equal(Buffer.from(await answer).toString(), expected)
  })
}
