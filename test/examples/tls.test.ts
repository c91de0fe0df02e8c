import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { get, type RequestOptions } from 'node:https'
import { test } from 'node:test'
import type { SecureContextOptions } from 'node:tls'
import { testFolder } from '../support/certificates.ts'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

// The types of node:https do not know that it takes what node:tls takes.
const http1: object = { ALPNProtocols: ['http/1.1'] }

test('examples/tls serves HTTPS with a certificate for development', async (t) => {
  const env = { PORT: '0', XDG_CACHE_HOME: testFolder(t) }
  const program = `${root}/examples/tls/serve.mjs`
  const server = await startProgram(program, env)
  t.after(() => server.stop())
  const file = execFileSync(process.execPath, [program, '--certificate'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  }).trim()
  const ask = (ca: string | undefined): Promise<string> =>
    new Promise((resolve, reject) => {
      const options: RequestOptions & SecureContextOptions = { ...(ca === undefined ? {} : { ca }), agent: false, ...http1 }
      get(server.url, options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (data: string) => (text += data))
        response.on('end', () => resolve(text))
      }).on('error', reject)
    })
  assert.match(await ask(readFileSync(file, 'utf8')), /^TLSv1\.3, TLS_\w+, http\/1\.1\n$/)
  await assert.rejects(ask(undefined), /self-signed certificate/)
})
