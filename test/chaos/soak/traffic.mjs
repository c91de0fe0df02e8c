import { setMaxListeners } from 'node:events'
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { badClients, startBadClients } from '../../../bench/load/bad-clients.mjs'
import { kinds } from './visits.mjs'

/** Of each kind of bad clients. */
const BAD = 5

/** All kinds of traffic at once, until it is stopped; counts what became of it. */
export class Traffic {
  /** @type {Map<string, { right: number, allowed: Map<string, number>, wrong: Map<string, number> }>} */
  counts = new Map(kinds.map(({ name }) => [name, { right: 0, allowed: new Map(), wrong: new Map() }]))
  #url
  /** @type {Promise<void>[]} */
  #clients = []
  #stop = new AbortController()

  /** @param {string} url without a slash at the end */
  constructor(url) {
    this.#url = url
  }

  start() {
    this.#stop = new AbortController()
    const { signal } = this.#stop
    setMaxListeners(0, signal)
    for (const kind of kinds) for (let client = 0; client < kind.clients; client++) this.#clients.push(this.#client(kind, client))
    for (const kind of badClients) startBadClients(Number(new URL(this.#url).port), kind, { count: BAD, until: signal })
  }

  /** Over when everybody has got the last answer. */
  async stop() {
    this.#stop.abort()
    await Promise.all(this.#clients.splice(0))
  }

  get right() {
    return [...this.counts.values()].reduce((sum, { right }) => sum + right, 0)
  }

  /** What may not be. @returns {string[]} */
  get wrong() {
    return [...this.counts].flatMap(([name, { wrong }]) => [...wrong].map(([what, count]) => `${name}: ${count} × ${what}`))
  }

  /** @param {import('./visits.mjs').Kind} kind @param {number} number */
  async #client(kind, number) {
    const { signal } = this.#stop
    // Every other one keeps its connection.
    const agent = new Agent({ keepAlive: number % 2 === 0 })
    const count = this.counts.get(kind.name)
    while (!signal.aborted && count !== undefined) {
      const what = await kind.visit({ url: this.#url, agent })
      if (what === '') count.right++
      else {
        const where = kind.mayBe?.test(what) === true ? count.allowed : count.wrong
        where.set(what, (where.get(what) ?? 0) + 1)
      }
      await delay(kind.pause, undefined, { signal }).catch(() => undefined)
    }
    agent.destroy()
  }

  /** Always the same: a few visits of each kind, one after the other. So two servers that have done it can be compared. */
  async round() {
    const agent = new Agent({ keepAlive: true })
    for (const kind of kinds.filter(({ name }) => !/breaks off|never ends/.test(name))) {
      for (let turn = 0; turn < 10; turn++) await kind.visit({ url: this.#url, agent })
    }
    agent.destroy()
  }
}
