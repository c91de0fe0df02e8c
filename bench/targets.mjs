/**
 * @typedef {import('./measure.mjs').Measurement} Measurement
 * @typedef {object} Results
 * @property {ReadonlyMap<string, ReadonlyMap<string, Measurement>>} cases by case, then by server
 * @property {ReadonlyMap<string, import('./memory.mjs').MemoryResult>} memory by server
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {'at most' | 'at least'} direction
 * @property {number} limit
 * @property {number | undefined} value undefined when this run did not measure it
 */

const mebibyte = 1024 ** 2

/**
 * What Plait promises, for 2 cores and 64 connections, beside what this run shows.
 * @param {Results} results
 * @returns {Target[]}
 */
export function targets(results) {
  const of = (/** @type {string} */ name, /** @type {string} */ server) => results.cases.get(name)?.get(server)
  const ratio = (/** @type {string} */ name, /** @type {string} */ peer, /** @type {'cpu' | 'rate' | 'p99'} */ key) => {
    const [plait, other] = [of(name, 'plait') ?? of(name, 'plait (TypeScript)'), of(name, peer)]
    return plait && other ? plait[key] / other[key] : undefined
  }
  const memory = results.memory.get('plait')
  const above = (/** @type {'downloadPeak' | 'uploadPeak'} */ key) => memory && (memory[key] - memory.idle) / mebibyte
  /** @type {Target[]} */
  const list = [
    { what: 'hello: CPU ÷ bare node:http', direction: 'at most', limit: 1.6, value: ratio('hello', 'node:http', 'cpu') },
    { what: 'hello-ts: CPU ÷ bare node:http', direction: 'at most', limit: 2, value: ratio('hello-ts', 'node:http', 'cpu') },
    { what: 'hello: CPU ÷ gunicorn', direction: 'at most', limit: 0.2, value: ratio('hello', 'gunicorn', 'cpu') },
    { what: 'hello: CPU ÷ Twisted', direction: 'at most', limit: 0.1, value: ratio('hello', 'twisted', 'cpu') },
    ...['flask-2', 'django-2'].flatMap((name) => [
      {
        what: `${name}: CPU ÷ Granian`,
        direction: /** @type {const} */ ('at most'),
        limit: 1.1,
        value: ratio(name, 'granian', 'cpu'),
      },
      {
        what: `${name}: p99 ÷ Granian`,
        direction: /** @type {const} */ ('at most'),
        limit: 1,
        value: ratio(name, 'granian', 'p99'),
      },
    ]),
    { what: 'down-1m: req/s ÷ Granian', direction: 'at least', limit: 0.35, value: ratio('down-1m', 'granian', 'rate') },
    { what: 'post-1m: req/s ÷ gunicorn', direction: 'at least', limit: 1.5, value: ratio('post-1m', 'gunicorn', 'rate') },
    { what: 'sleep: req/s', direction: 'at least', limit: 760, value: of('sleep', 'plait')?.rate },
    { what: 'file-1k: CPU ÷ @fastify/send', direction: 'at most', limit: 1.5, value: ratio('file-1k', '@fastify/send', 'cpu') },
    { what: 'file-1m: CPU ÷ @fastify/send', direction: 'at most', limit: 1.5, value: ratio('file-1m', '@fastify/send', 'cpu') },
    { what: 'memory: idle, MiB', direction: 'at most', limit: 110, value: memory && memory.idle / mebibyte },
    { what: 'memory: 200 MiB file, peak above idle, MiB', direction: 'at most', limit: 40, value: above('downloadPeak') },
    { what: 'memory: 1 GiB upload, peak above idle, MiB', direction: 'at most', limit: 40, value: above('uploadPeak') },
  ]
  return list.filter((target) => target.value !== undefined)
}

/** @param {Target} target */
export function isMet({ value = NaN, direction, limit }) {
  return direction === 'at most' ? value <= limit : value >= limit
}
