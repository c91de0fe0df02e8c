import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { apps } from './servers.mjs'

/**
 * @typedef {object} RunningServer
 * @property {number} pid leader of the server's own session
 * @property {string} url
 * @property {() => Promise<void>} stop
 * @property {Promise<number | string>} exited its exit code, or the signal that ended it
 * @property {() => string} log what it has written so far
 */

/** The folder of every running server, by the leader's process id. @type {Map<number, string>} */
const folders = new Map()
process.on('exit', () => {
  for (const [pid, folder] of folders) {
    endGroup(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})

/** @param {number} pid @param {NodeJS.Signals} signal */
function endGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch {
    // The whole group has ended.
  }
}

/** A TCP port of 127.0.0.1 that nobody listens on. @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise((done) => server.close(done))
  return port
}

/**
 * Starts a server in a session of its own and waits until it answers the request of the case.
 * @param {import('./servers.mjs').Server} server
 * @param {Omit<import('./servers.mjs').Job, 'port' | 'nodeOptions'> & { path: string }} entry
 * @param {object} [extra]
 * @param {NodeJS.ProcessEnv} [extra.env] added to the environment
 * @param {readonly string[]} [extra.nodeOptions] for servers that Node runs
 * @returns {Promise<RunningServer>}
 */
export async function startServer(server, entry, { env = {}, nodeOptions = [] } = {}) {
  const port = await freePort()
  const [program = '', ...args] = server.command({ ...entry, port, nodeOptions })
  const folder = mkdtempSync(join(tmpdir(), 'plait-bench-'))
  const log = openSync(join(folder, 'log'), 'w')
  const child = spawn(program, args, {
    cwd: entry.folder ?? apps,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  })
  closeSync(log)
  /** @type {Promise<number | string>} */
  const exited = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal ?? 0)))
  const written = () => readFileSync(join(folder, 'log'), 'utf8')
  /** @type {Error | undefined} */
  let failure
  child.once('error', (error) => (failure = error))
  const pid = child.pid ?? 0
  if (pid > 0) folders.set(pid, folder)
  const stop = async () => {
    await stopServer(child)
    folders.delete(pid)
    rmSync(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}${entry.path}`
  for (let attempt = 0; attempt < 400; attempt++) {
    if (await answers(url)) return { pid, url, stop, exited, log: written }
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) break
    await delay(50)
  }
  const output = written().slice(-2000)
  if (pid > 0) await stop()
  throw new Error(
    `Cannot start ${server.name}: ${failure?.message ?? 'it does not answer'}\n${program} ${args.join(' ')}\n${output}`,
  )
}

/** @param {string} url */
async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000), headers: { connection: 'close' } })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/** Asks politely, then ends what is left of the group. @param {import('node:child_process').ChildProcess} child */
async function stopServer(child) {
  const pid = child.pid ?? 0
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((done) => child.once('exit', done))
    child.kill('SIGTERM')
    await Promise.race([gone, delay(5000, undefined, { ref: false })])
  }
  endGroup(pid, 'SIGKILL')
}
