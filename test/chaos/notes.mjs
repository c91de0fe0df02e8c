// What the application wrote down: `begin ID PID` and `end ID PID`.
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Run
 * @property {number} pid
 * @property {boolean} ended
 */

export class Notes {
  #file
  /** @param {string} folder CHAOS_DATA */
  constructor(folder) {
    this.#file = `${folder}/notes`
  }

  /** From the id of a request to where it ran, in order. @returns {Map<string, Run[]>} */
  runs() {
    /** @type {Map<string, Run[]>} */
    const runs = new Map()
    for (const line of readFileSync(this.#file, 'latin1').trim().split('\n')) {
      const [word, id = '', pid = ''] = line.split(' ')
      const known = runs.get(id) ?? []
      if (word === 'begin') runs.set(id, [...known, { pid: Number(pid), ended: false }])
      else for (const run of known) if (run.pid === Number(pid)) run.ended = true
    }
    return runs
  }

  /** A process in which a request runs, and that is none of `dead`. @param {ReadonlySet<number>} dead @returns {number | undefined} */
  busyProcess(dead) {
    return [...this.runs().values()].flat().findLast((run) => !run.ended && !dead.has(run.pid))?.pid
  }
}
