// Each kind of traffic: one visit, which gives '' when all was right, and else what was wrong.
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/**
 * @typedef {object} Place
 * @property {string} url without a slash at the end
 * @property {import('node:http').Agent} agent
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {number} clients
 * @property {number} pause ms between two visits of a client
 * @property {RegExp} [mayBe] what may be wrong while processes are killed
 * @property {(place: Place) => Promise<string>} visit
 */

/** POSTs that ran when their process was killed, and responses that had begun. */
const killed = /^(status 502|cut|ECONNRESET)/

/**
 * @param {Place} place
 * @param {{ path: string, method?: string, body?: Buffer, type?: string, expect: (text: Buffer) => boolean }} options
 * @returns {Promise<string>}
 */
function visit({ url, agent }, { path, method = 'GET', body, type, expect }) {
  return new Promise((resolve) => {
    const headers =
      body === undefined ? {} : { 'content-length': body.length, 'content-type': type ?? 'application/octet-stream' }
    const sent = request(`${url}${path}`, { method, agent, headers, timeout: 60_000 })
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'no answer in 60 s' })))
    sent.on('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve(error.code ?? error.message))
    sent.on('response', (response) => {
      /** @type {Buffer[]} */
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.on('close', () => {
        const whole = Buffer.concat(chunks)
        if (!response.complete) resolve('cut')
        else if (response.statusCode !== 200) resolve(`status ${response.statusCode}`)
        else resolve(expect(whole) ? '' : `another body of ${whole.length} bytes`)
      })
    })
    sent.end(body)
  })
}

const is = (/** @type {string} */ text) => (/** @type {Buffer} */ body) => body.toString() === text
const ofSize = (/** @type {number} */ size) => (/** @type {Buffer} */ body) => body.length === size

/** @param {number} size */
function multipart(size) {
  const head =
    '--soak\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: application/octet-stream\r\n\r\n'
  return Buffer.concat([Buffer.from(head), Buffer.alloc(size, 'x'), Buffer.from('\r\n--soak--\r\n')])
}
const uploadSize = 3 * 1024 ** 2
const upload = multipart(uploadSize)

/** Twenty requests at once on one connection of HTTP/2. @param {Place} place */
async function http2({ url }) {
  const session = connect(url)
  session.on('error', () => undefined)
  try {
    const one = () =>
      new Promise((/** @type {(what: string) => void} */ resolve) => {
        const stream = session.request({ ':path': '/' })
        let text = ''
        let status = 0
        stream.on('response', (fields) => (status = Number(fields[':status'])))
        stream.setEncoding('utf8').on('data', (more) => (text += more))
        stream.on('error', () => undefined)
        stream.on('close', () =>
          resolve(status === 200 && text === 'hello' ? '' : `status ${status} by HTTP/2, ${text.length} bytes`),
        )
      })
    const found = await Promise.all(Array.from({ length: 20 }, one))
    return found.find((what) => what !== '') ?? ''
  } finally {
    session.close()
  }
}

/** Ten messages there and back. @param {Place} place */
async function webSocket({ url }) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/echo`)
  try {
    await once(socket, 'open', { signal: AbortSignal.timeout(30_000) })
    for (let number = 0; number < 10; number++) {
      const back = once(socket, 'message', { signal: AbortSignal.timeout(30_000) })
      socket.send(`message ${number}`)
      if (String((await back)[0]) !== `message ${number}`) return 'another message'
    }
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(30_000) })
    socket.close()
    await closed
    return ''
  } catch (error) {
    socket.terminate()
    return String(/** @type {Error} */ (error).message)
  }
}

/** Begins an upload and leaves. @param {Place} place */
async function leaves({ url, agent }) {
  const sent = request(`${url}/upload`, {
    method: 'POST',
    agent,
    headers: { 'content-length': upload.length, 'content-type': 'multipart/form-data; boundary=soak' },
  })
  sent.on('error', () => undefined)
  sent.write(upload.subarray(0, 2 * 1024 ** 2))
  await delay(50)
  sent.destroy()
  return ''
}

/** @type {readonly Kind[]} */
export const kinds = [
  { name: 'GET of Flask', clients: 3, pause: 20, visit: (place) => visit(place, { path: '/', expect: is('hello') }) },
  {
    name: 'GET of a template',
    clients: 1,
    pause: 50,
    visit: (place) => visit(place, { path: '/template', expect: (body) => body.includes('&lt;three&gt;') }),
  },
  {
    name: 'GET of Django',
    clients: 1,
    pause: 50,
    visit: (place) => visit(place, { path: '/django/', expect: is('Hello, world!') }),
  },
  {
    name: 'GET of 2 MiB',
    clients: 1,
    pause: 200,
    mayBe: killed,
    visit: (place) => visit(place, { path: '/large', expect: ofSize(2 * 1024 ** 2) }),
  },
  {
    name: 'stream',
    clients: 2,
    pause: 100,
    mayBe: killed,
    visit: (place) => visit(place, { path: '/stream', expect: ofSize(190) }),
  },
  {
    name: 'POST of a form',
    clients: 1,
    pause: 50,
    mayBe: killed,
    visit: (place) =>
      visit(place, {
        path: '/form',
        method: 'POST',
        body: Buffer.from('b=2&a=1'),
        type: 'application/x-www-form-urlencoded',
        expect: is('{"a":"1","b":"2"}\n'),
      }),
  },
  {
    name: 'upload of 3 MiB',
    clients: 1,
    pause: 300,
    mayBe: killed,
    visit: (place) =>
      visit(place, {
        path: '/upload',
        method: 'POST',
        body: upload,
        type: 'multipart/form-data; boundary=soak',
        expect: is(String(uploadSize)),
      }),
  },
  { name: 'upload that breaks off', clients: 1, pause: 500, visit: leaves },
  {
    name: 'file of 256 KiB',
    clients: 1,
    pause: 100,
    visit: (place) => visit(place, { path: '/static/file', expect: ofSize(256 * 1024) }),
  },
  { name: '20 requests of HTTP/2', clients: 1, pause: 500, visit: http2 },
  { name: 'WebSocket', clients: 1, pause: 500, visit: webSocket },
  { name: 'health check', clients: 1, pause: 500, visit: (place) => visit(place, { path: '/health', expect: is('ok\n') }) },
  // It gets its 504, or the process is killed before.
  {
    name: 'request that never ends',
    clients: 1,
    pause: 20_000,
    mayBe: /^status 50[24]$/,
    visit: (place) => visit(place, { path: '/hang', expect: () => false }),
  },
]
