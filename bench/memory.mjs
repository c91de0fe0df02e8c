import { mkdtempSync, openSync, closeSync, ftruncateSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { memoryOf } from './processes.mjs'
import { startServer } from './running-server.mjs'
import { markdownTable, mebibytes } from './table.mjs'

const fileBytes = 200 * 1024 ** 2
const uploadBytes = 1024 ** 3

/**
 * @typedef {object} MemoryResult PSS in bytes of all processes of the server
 * @property {number} idle after the first requests
 * @property {number} downloadPeak largest while a client took a file of 200 MiB
 * @property {number} downloadAfter a second after it
 * @property {number} uploadPeak largest while a client sent 1 GiB
 * @property {number} uploadAfter a second after it
 */

/**
 * @param {import('./servers.mjs').Server} server
 * @returns {Promise<MemoryResult>}
 */
export async function measureMemory(server) {
  const folder = mkdtempSync(join(tmpdir(), 'plait-bench-'))
  const file = join(folder, 'file')
  const descriptor = openSync(file, 'w')
  ftruncateSync(descriptor, fileBytes)
  closeSync(descriptor)
  const entry = {
    name: 'memory',
    title: '',
    module: 'memory',
    processes: 1,
    threads: 20,
    bodyBytes: 0,
    expectedBytes: 0,
    path: '/',
    files: false,
  }
  try {
    const running = await startServer(server, entry, { env: { BENCH_FILE: file } })
    try {
      for (let i = 0; i < 20; i++) await transfer(running.url, 0)
      await delay(1000)
      const idle = memoryOf(running.pid)
      const download = await peakDuring(running.pid, transfer(`${running.url}file`, 0), fileBytes)
      const upload = await peakDuring(running.pid, transfer(`${running.url}upload`, uploadBytes), String(uploadBytes).length)
      return {
        idle,
        downloadPeak: download.peak,
        downloadAfter: download.after,
        uploadPeak: upload.peak,
        uploadAfter: upload.after,
      }
    } finally {
      await running.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {number} pid
 * @param {Promise<number>} work gives the number of bytes received
 * @param {number} expected
 */
async function peakDuring(pid, work, expected) {
  let busy = true
  let peak = 0
  const ended = work.finally(() => (busy = false))
  while (busy) {
    peak = Math.max(peak, memoryOf(pid))
    await Promise.race([ended.catch(() => undefined), delay(20)])
  }
  const received = await ended
  if (received !== expected) throw new Error(`Cannot measure the memory: ${received} bytes came back, ${expected} were expected`)
  await delay(1000)
  return { peak, after: memoryOf(pid) }
}

/**
 * One request on a connection of its own; throws the response away.
 * @param {string} url
 * @param {number} bodyBytes
 * @returns {Promise<number>} size of the response body
 */
function transfer(url, bodyBytes) {
  return new Promise((done, fail) => {
    const headers = { 'content-length': bodyBytes, 'content-type': 'application/octet-stream' }
    const sent = request(url, { agent: new Agent(), method: bodyBytes > 0 ? 'POST' : 'GET', headers }, (response) => {
      let received = 0
      response.on('data', (chunk) => (received += chunk.length))
      response.on('end', () => (response.statusCode === 200 ? done(received) : fail(new Error(`Status ${response.statusCode}`))))
      response.on('error', fail)
    })
    sent.on('error', fail)
    const chunk = Buffer.alloc(65536, 'x')
    let left = bodyBytes
    const more = () => {
      while (left > 0) {
        left -= chunk.length
        if (!sent.write(chunk)) return void sent.once('drain', more)
      }
      sent.end()
    }
    more()
  })
}

/** @param {ReadonlyMap<string, MemoryResult>} results @returns {string} */
export function memoryTable(results) {
  const heading = ['server', 'idle MiB', '200 MiB file: peak', 'after', '1 GiB upload: peak', 'after']
  const more = (/** @type {number} */ bytes, /** @type {number} */ idle) =>
    `${bytes >= idle ? '+' : ''}${mebibytes(bytes - idle)}`
  const rows = [...results].map(([name, result]) => [
    name,
    mebibytes(result.idle),
    ...[result.downloadPeak, result.downloadAfter, result.uploadPeak, result.uploadAfter].map((bytes) =>
      more(bytes, result.idle),
    ),
  ])
  return markdownTable(heading, rows)
}
