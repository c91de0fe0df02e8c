import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent, request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { makeCertificate, testFolder } from '../support/certificates.ts'
import { WebSocket } from 'ws'
import { startWeb } from '../support/server.ts'
import { freePort, guideConfigurations, startNginx, withoutNginx } from './nginx.ts'

const application = `
import json

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps({key: value for key, value in environ.items() if isinstance(value, str)}).encode()]
`

/** Its first message is who has opened it. */
const sockets = `
import { WebSocketResource } from 'plait'
export class Socket extends WebSocketResource {
  constructor() {
    super((socket, request) => socket.send(request.clientHost))
  }
}
`

/** Plait behind nginx as the guide says; gives what asks nginx for a path, as shop.example, from 127.0.0.9. */
async function behindNginx(t: TestContext, options: readonly string[], configure: (upstream: string, folder: string) => string) {
  const folder = testFolder(t)
  writeFileSync(`${folder}/shop.py`, application)
  writeFileSync(`${folder}/socket.mjs`, sockets)
  const server = await startWeb(
    ['--wsgi', 'shop.application', '--listen', '127.0.0.1:0', ...options.map((one) => one.replace('FOLDER', folder))],
    {
      cwd: folder,
    },
  )
  t.after(() => server.stop())
  const { certKey, privateKey, cert } = makeCertificate(folder, 'shop', { names: ['shop.example'] })
  const port = await freePort()
  const configuration = configure(new URL(server.url).host, folder)
    .replace('/etc/ssl/shop.pem', certKey)
    .replace('/etc/ssl/shop.key', privateKey)
    .replace('/etc/nginx/plait.conf', `${folder}/plait.conf`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('/run/shop/app.sock', `${folder}/app.sock`)
  writeFileSync(`${folder}/plait.conf`, guideConfigurations()[0] as string)
  await startNginx(t, folder, configuration)
  const get = async (path: string, headers: Record<string, string> = {}): Promise<Record<string, string>> => {
    const asked = secureRequest({
      host: '127.0.0.1',
      localAddress: '127.0.0.9',
      port,
      path,
      servername: 'shop.example',
      ca: cert,
      headers: { Host: `shop.example:${port}`, ...headers },
    })
    const answered = new Promise<NodeJS.ReadableStream>((resolve, reject) => asked.on('response', resolve).on('error', reject))
    asked.end()
    return JSON.parse(await text(await answered)) as Record<string, string>
  }
  /** Opens a WebSocket as a page of `origin` does, and gives what it says first, or the status that refuses it. */
  const openWebSocket = (path: string, origin: string): Promise<string | number | undefined> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, [], {
        origin,
        headers: { Host: `shop.example:${port}` },
        localAddress: '127.0.0.9',
        agent: new Agent({ ca: cert, servername: 'shop.example' }),
      })
      socket.on('message', (data: Buffer) => {
        resolve(data.toString())
        socket.close()
      })
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
      socket.on('error', reject)
    })
  return { get, openWebSocket, port, server }
}

const lies = {
  'X-Forwarded-For': '6.6.6.6',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Host': 'evil',
  'X-Forwarded-Port': '1',
  'X-Forwarded-Prefix': '/evil',
  Forwarded: 'for=6.6.6.6;host=evil',
}

const pick = (environ: Record<string, string>) =>
  ['REMOTE_ADDR', 'wsgi.url_scheme', 'HTTP_HOST', 'SERVER_NAME', 'SERVER_PORT', 'SCRIPT_NAME', 'PATH_INFO'].map(
    (key) => environ[key],
  )

test(
  'nginx in front by a UNIX socket, as the guide says: the application sees what the client asked for',
  { skip: withoutNginx },
  async (t) => {
    const { get, port } = await behindNginx(
      t,
      ['--listen', 'unix:FOLDER/app.sock:mode=660'],
      () => guideConfigurations()[1] as string,
    )
    const truth = ['127.0.0.9', 'https', `shop.example:${port}`, 'shop.example', String(port), '', '/a/b']
    assert.deepEqual(pick(await get('/a/b')), truth)
    const lied = await get('/a/b', lies)
    assert.deepEqual(pick(lied), truth)
    assert.equal(lied['HTTP_X_FORWARDED_FOR'], '6.6.6.6, 127.0.0.9')
    assert.deepEqual([lied['HTTP_FORWARDED'], lied['HTTP_X_FORWARDED_PREFIX']], [undefined, undefined])
  },
)

test('nginx in front by TCP, below a path, as the guide says', { skip: withoutNginx }, async (t) => {
  const { get, port } = await behindNginx(t, ['--trust-proxy', '127.0.0.1'], (upstream) => {
    const [, server = '', location = ''] = guideConfigurations()
    return server.replace(/location \/ \{[^}]*\}/, location.replace('127.0.0.1:8080', upstream))
  })
  const truth = ['127.0.0.9', 'https', `shop.example:${port}`, 'shop.example', String(port), '/shop', '/a']
  assert.deepEqual(pick(await get('/shop/a')), truth)
  assert.deepEqual(pick(await get('/shop/a', lies)), truth)
})

test(
  'nginx in front of a server that does not trust it: nothing is believed, and the log says what to do',
  { skip: withoutNginx },
  async (t) => {
    const { get, server } = await behindNginx(t, ['--trust-proxy', '0'], (upstream) =>
      (guideConfigurations()[1] as string).replace('unix:/run/shop/app.sock', upstream),
    )
    const [address, scheme] = pick(await get('/', lies))
    assert.deepEqual([address, scheme], ['127.0.0.1', 'http'])
    assert.match(server.log(), /Removed x-forwarded-for, .*--trust-proxy loopback/)
  },
)

test(
  'a WebSocket passes through nginx, as the guide says, and pages of the host that the client sees may open it',
  { skip: withoutNginx },
  async (t) => {
    const options = ['--mount', '/socket=class:./socket.mjs#Socket', '--listen', 'unix:FOLDER/app.sock:mode=660']
    const { openWebSocket, port } = await behindNginx(t, options, () => guideConfigurations()[1] as string)
    assert.equal(await openWebSocket('/socket', `https://shop.example:${port}`), '127.0.0.9')
    assert.equal(await openWebSocket('/socket', 'https://evil.example'), 403)
  },
)
