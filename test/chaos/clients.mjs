// Clients that behave: they ask, wait for the whole answer, and say what they got. Nothing is tried again.
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * @typedef {object} Answer
 * @property {number} status 0 when no whole answer came
 * @property {string} text the body, unless it was to be thrown away
 * @property {string} error code of what went wrong, like ECONNRESET; empty
 * @property {number} ms from the first byte sent to the last received
 * @property {string} version of the application
 * @property {string} server process id of the parent of the application's process
 * @property {string} retryAfter
 *
 * @typedef {object} Question
 * @property {string} path
 * @property {string} [method] GET when absent
 * @property {Agent} [agent] a connection of its own when absent
 * @property {number} [limit] ms, then the client gives up: 10,000 when absent
 * @property {boolean} [keep] keeps the body, true when absent
 */

/** @param {string} url @param {Question} question @returns {Promise<Answer>} */
export function ask(url, { path, method = 'GET', agent, limit = 10_000, keep = true }) {
  return new Promise((resolve) => {
    const begun = performance.now()
    /** @param {Partial<Answer>} found */
    const over = (found) => {
      clearTimeout(timer)
      resolve({
        status: 0,
        text: '',
        error: '',
        version: '',
        server: '',
        retryAfter: '',
        ms: performance.now() - begun,
        ...found,
      })
    }
    const headers = method === 'POST' ? { 'content-length': '0' } : {}
    const sent = request(`${url}${path}`, { method, agent: agent ?? false, headers })
    const timer = setTimeout(() => sent.destroy(Object.assign(new Error('gave up'), { code: 'GAVE_UP' })), limit)
    sent.on('error', (/** @type {NodeJS.ErrnoException} */ error) => over({ error: error.code ?? error.message }))
    sent.on('response', (response) => {
      let text = ''
      if (keep) response.setEncoding('latin1').on('data', (more) => (text += more))
      else response.resume()
      response.on('error', (/** @type {NodeJS.ErrnoException} */ error) => over({ error: error.code ?? error.message }))
      response.on('end', () => {
        const field = (/** @type {string} */ name) => String(response.headers[name] ?? '')
        const told = { version: field('x-version'), server: field('x-server'), retryAfter: field('retry-after') }
        over({ status: response.statusCode ?? 0, text, ...told })
      })
      response.on('close', () => response.complete || over({ error: 'CUT' }))
    })
    sent.end()
  })
}

/** @param {readonly number[]} times @param {number} part 0.99 for the 99th percentile; NaN of nothing */
export function percentile(times, part) {
  const sorted = [...times].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN
}

/**
 * @typedef {object} Nap
 * @property {string} method
 * @property {string} id
 * @property {number} ms that the application sleeps
 * @property {number} asked when, on the clock of performance.now()
 * @property {Answer | undefined} answer undefined while it is on its way
 */

/**
 * Clients that ask for naps of 5–200 ms, one after the other, half of them on a new connection for each. Every fourth is a POST when there are to be some.
 */
export class Load {
  /** @type {Nap[]} */
  asked = []
  /** @type {Set<Nap>} */
  flying = new Set()
  #over = false
  #agent = new Agent({ keepAlive: true })
  /** @type {Promise<void>[]} */
  #clients

  /** @param {string} url @param {{ clients: number, posts?: boolean, times?: readonly [least: number, most: number] }} options */
  constructor(url, { clients, posts = false, times = [5, 200] }) {
    const [least, most] = times
    this.#clients = Array.from({ length: clients }, async (_, name) => {
      for (let number = 0; !this.#over; number++) {
        const ms = least + ((name * 31 + number * 67) % (most - least + 1))
        const method = posts && number % 4 === 3 ? 'POST' : 'GET'
        await this.#ask(url, { method, id: `${name}-${number}`, ms, asked: performance.now(), answer: undefined }, name % 2 === 0)
      }
    })
  }

  /** @param {string} url @param {Nap} nap @param {boolean} kept */
  async #ask(url, nap, kept) {
    this.asked.push(nap)
    this.flying.add(nap)
    const path = `/nap?ms=${nap.ms}&id=${nap.id}`
    nap.answer = await ask(url, { path, method: nap.method, ...(kept && { agent: this.#agent }) })
    this.flying.delete(nap)
    // A client that is refused comes again, but not at once.
    if (!isRight(nap)) await delay(20)
  }

  /** Lets them ask no more; over when the last answer is there. */
  async stop() {
    this.#over = true
    await Promise.all(this.#clients)
    this.#agent.destroy()
  }
}

/** @param {Nap} nap */
export function isRight({ id, answer }) {
  return answer?.status === 200 && answer.text === id
}

/** What took longer than the nap itself, of those that were answered rightly: ms. @param {readonly Nap[]} naps */
export function lateness(naps) {
  return naps.filter(isRight).map(({ ms, answer }) => Math.max(0, (answer?.ms ?? 0) - ms))
}

/** What those that were lost got, as words; empty for none. @param {readonly Nap[]} lost */
export function howLost(lost) {
  const counts = new Map()
  for (const { method, answer } of lost) {
    const how = `${method} ${answer?.status === 0 ? answer.error : `${answer?.status} ${answer?.text.slice(0, 80)}`}`
    counts.set(how, (counts.get(how) ?? 0) + 1)
  }
  return [...counts].map(([how, count]) => `; lost: ${count} × ${how}`).join('')
}
