import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWeb } from '../support/server.ts'
import { until } from '../support/until.ts'
import { folderWith } from './run-plait.ts'

const application = `
def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    names = 'REMOTE_ADDR', 'wsgi.url_scheme', 'SERVER_NAME', 'SERVER_PORT', 'SCRIPT_NAME', 'HTTP_X_REAL_IP'
    return [' '.join(environ.get(name, '-') or '-' for name in names).encode()]
`
const headers = {
  'X-Forwarded-For': '6.6.6.6, 192.0.2.60',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'shop.example',
  'X-Forwarded-Prefix': '/shop',
  'X-Real-IP': '192.0.2.60',
}

test('plait web --trust-proxy believes the proxies that it names (gap 13)', async (t) => {
  const cwd = folderWith(t, { 'app.py': application })
  const server = await startWeb(['--wsgi', 'app.app', '--trust-proxy', '10.0.0.0/8', '--trust-proxy', 'loopback'], { cwd })
  t.after(() => server.stop())
  const response = await fetch(server.url, { headers })
  assert.equal(await response.text(), '192.0.2.60 https shop.example 443 /shop 192.0.2.60')
})

test('plait web --forwarded-fields believes those fields only', async (t) => {
  const cwd = folderWith(t, { 'app.py': application })
  const server = await startWeb(
    ['--wsgi', 'app.app', '--trust-proxy', '1', '--forwarded-fields', 'X-Forwarded-For, X-Forwarded-Proto'],
    {
      cwd,
    },
  )
  t.after(() => server.stop())
  assert.equal(await (await fetch(server.url, { headers })).text(), `192.0.2.60 https 127.0.0.1 ${new URL(server.url).port} - -`)
})

test('plait web without --trust-proxy believes nobody, and says what to do', async (t) => {
  const cwd = folderWith(t, { 'app.py': application })
  const server = await startWeb(['--wsgi', 'app.app'], { cwd })
  t.after(() => server.stop())
  const { port } = new URL(server.url)
  assert.equal(await (await fetch(server.url, { headers })).text(), `127.0.0.1 http 127.0.0.1 ${port} - -`)
  await until('the notice is logged', () => server.log().includes('--trust-proxy loopback'))
  assert.match(server.log(), /Removed x-forwarded-for, .* from a request of 127\.0\.0\.1, which is no trusted proxy/)
})
