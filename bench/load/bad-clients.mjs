// Clients that take what they can get: sockets that say nothing, heads and bodies byte by byte, readers that do not read, and those that vanish.
import { connect } from 'node:net'

/**
 * @typedef {object} BadClient
 * @property {string} name
 * @property {readonly string[]} first what is sent at once; of several, each client has one
 * @property {string} [more] sent again and again
 * @property {number} [every] ms between
 * @property {boolean} reads takes what comes
 * @property {number} [vanishes] ms after which it closes, in the middle of whatever happens then
 */

const get = (/** @type {string} */ path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'

/** For an application with `/page` (1 MiB), `/file` (64 MiB), and POST. @type {readonly BadClient[]} */
export const badClients = [
  { name: 'idle sockets', first: [''], reads: true },
  { name: 'slow heads', first: ['GET / HTTP/1.1\r\nHost: a\r\n'], more: 'X-A: b\r\n', every: 500, reads: true },
  { name: 'slow bodies', first: [post], more: 'x', every: 500, reads: true },
  { name: 'slow readers of a page', first: [get('/page')], reads: false },
  { name: 'slow readers of a file', first: [get('/file')], reads: false },
  {
    name: 'clients that vanish',
    first: ['GET / HTTP/1.1\r\nHos', `${post}xxx`, get('/'), get('/page'), get('/file')],
    reads: false,
    vanishes: 100,
  },
]

/**
 * Bad clients of one kind, until the signal; one that is closed comes again.
 * @param {number} port of 127.0.0.1
 * @param {BadClient} kind
 * @param {{ count: number, until: AbortSignal }} options
 */
export function startBadClients(port, kind, { count, until }) {
  for (let number = 0; number < count; number++) badClient(port, kind, { number, until })
}

/** @param {number} port @param {BadClient} kind @param {{ number: number, until: AbortSignal }} options */
function badClient(port, kind, { number, until }) {
  if (until.aborted) return
  const socket = connect({ port, host: '127.0.0.1' })
  /** @type {NodeJS.Timeout[]} */
  const timers = []
  const end = () => socket.destroy()
  socket.on('error', () => undefined)
  socket.on('connect', () => {
    const first = kind.first[number % kind.first.length]
    if (first !== undefined && first !== '') socket.write(first)
    if (kind.more !== undefined) timers.push(setInterval(() => socket.write(kind.more ?? ''), kind.every))
    if (kind.vanishes !== undefined) timers.push(setTimeout(end, kind.vanishes))
  })
  if (kind.reads) socket.resume()
  else socket.pause()
  until.addEventListener('abort', end, { once: true })
  socket.on('close', () => {
    for (const timer of timers) clearTimeout(timer)
    until.removeEventListener('abort', end)
    // Those that vanish are to be many, and not a flood.
    if (!until.aborted) setTimeout(() => badClient(port, kind, { number, until }), kind.vanishes === undefined ? 50 : 900)
  })
}
