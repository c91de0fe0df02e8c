import { setTimeout as delay } from 'node:timers/promises'
import { processesOf } from '../../../bench/processes.mjs'

/** Kills a Python process, lets another one be killed, loads the application anew, and so on. */
export class Trouble {
  kills = 0
  reloads = 0
  #pid
  #log
  #over = false
  /** @type {Promise<void> | undefined} */
  #running

  /** @param {number} pid of the server @param {() => string} log what it has written */
  constructor(pid, log) {
    this.#pid = pid
    this.#log = log
  }

  /** @param {number} every seconds */
  start(every) {
    this.#over = false
    this.#running = this.#go(every)
  }

  async stop() {
    this.#over = true
    await this.#running
  }

  /** @param {number} every */
  async #go(every) {
    for (let turn = 0; !this.#over; turn++) {
      for (let passed = 0; passed < every && !this.#over; passed += 0.5) await delay(500)
      if (this.#over) return
      if (turn % 3 === 2) await this.reload()
      else this.#kill(turn)
    }
  }

  /** @param {number} turn */
  #kill(turn) {
    const hosts = processesOf(this.#pid).filter(({ parent }) => parent === this.#pid)
    const victim = hosts[turn % Math.max(1, hosts.length)]
    if (victim === undefined) return
    process.kill(victim.pid, 'SIGKILL')
    this.kills++
  }

  /** Over when all applications have their new processes. */
  async reload() {
    const before = takenOver(this.#log())
    process.kill(this.#pid, 'SIGHUP')
    this.reloads++
    for (let turn = 0; turn < 600 && takenOver(this.#log()) < before + 2; turn++) await delay(100)
  }
}

/** @param {string} log */
function takenOver(log) {
  return log.match(/(?:has|have) taken over/g)?.length ?? 0
}
