import { crash } from './crash.mjs'
import { overload } from './overload.mjs'
import { reload } from './reload.mjs'
import { slow } from './slow.mjs'
import { stop } from './stop.mjs'
import { stuck } from './stuck.mjs'
import { upgrade } from './upgrade.mjs'

/**
 * @typedef {object} Scene what a scenario has to play with
 * @property {string} url without a slash at the end
 * @property {number} pid leader of the server's own session
 * @property {string} server its name
 * @property {string} folder CHAOS_DATA of the application
 * @property {import('./notes.mjs').Notes} notes
 * @property {number} seconds
 * @property {Promise<number | string>} exited
 * @property {() => string} log
 *
 * @typedef {object} Outcome
 * @property {number} asked requests
 * @property {number} lost those that should have been answered rightly and were not
 * @property {number} p99 ms, of those answered, beyond what the application took
 * @property {number} memory bytes above idle, at the most
 * @property {Record<string, number | string>} counts what was proven
 * @property {string} remark the same for a reader
 *
 * @typedef {Readonly<Record<string, readonly string[]>>} Words options for servers, by name
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {number} processes
 * @property {number} threads over all processes
 * @property {number} seconds of load when nothing else is asked for
 * @property {Words | ((folder: string) => Words)} [words]
 * @property {Readonly<Record<string, string>>} [cannot] which servers cannot play, and why
 * @property {(scene: Scene) => Promise<Outcome>} run
 */

/** @type {readonly Scenario[]} */
export const scenarios = [crash(2), crash(1), reload(2), reload(1), upgrade, ...slow, overload, stuck, stop]
