/** Who answers, and threads that are the application's own. */
import { once } from 'node:events'
import { threadId, Worker } from 'node:worker_threads'
import { answer, openGate, query, text, type Applications } from './registry.ts'

const producing = `
  const { parentPort, workerData } = require('node:worker_threads')
  for (let turn = 0; turn < 50; turn++) parentPort.postMessage(String(workerData))
  parentPort.postMessage(null)`
const waiting = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'

export const hostApps: Applications = {
  /** Something that tells the threads of one application apart, once the gate is open. */
  host(environ, startResponse) {
    if ('gate' in query(environ)) openGate(environ)
    return answer(startResponse, threadId)
  },

  /** The blocks come from eight threads of the application; one more outlives the request. */
  async *'own-threads'(environ, startResponse) {
    new Worker(waiting, { eval: true }).unref()
    const queue: (string | null)[] = []
    const producers = Array.from({ length: 8 }, (_, workerData) => new Worker(producing, { eval: true, workerData }))
    for (const producer of producers) producer.on('message', (block: string | null) => queue.push(block))
    startResponse('200 OK', text())
    for (let ended = 0; ended < producers.length;) {
      const block = queue.shift()
      if (block === undefined) await Promise.race(producers.map((producer) => once(producer, 'message')))
      else if (block === null) environ['wsgi.errors'].write(`from thread ${ended++}\n`)
      else yield block
    }
  },
}
