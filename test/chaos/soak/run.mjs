// `npm run soak -- --minutes 20`: mixed traffic, slow clients, kills and reloads; then what the server has left of it.
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { describeMachine } from '../../../bench/machine.mjs'
import { processesOf } from '../../../bench/processes.mjs'
import { startServer } from '../../../bench/running-server.mjs'
import { ensureVenv } from '../../../bench/venv.mjs'
import { report } from './report.mjs'
import { resident, snapshot } from './snapshot.mjs'
import { Traffic } from './traffic.mjs'
import { Trouble } from './trouble.mjs'

const root = resolve(import.meta.dirname, '../../..')
const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`)
const TROUBLE_SECONDS = 8
/** Two applications with two processes each. */
const HOSTS = 4

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    python: { type: 'string', default: 'python3' },
    log: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
if (!(minutes >= 0.5 && minutes <= 24 * 60)) throw new Error(`--minutes must be a number from 0.5, not '${values.minutes}'`)

/** @param {string} folder */
async function start(folder) {
  for (const name of ['tmp', 'static']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'static/file'), Buffer.alloc(256 * 1024, 'x'))
  const file = openSync(join(folder, 'large'), 'w')
  ftruncateSync(file, 64 * 1024 ** 2)
  closeSync(file)
  /** @type {import('../../../bench/servers.mjs').Server} */
  const server = {
    name: 'plait',
    command: ({ port }) => [
      process.execPath,
      '--expose-gc',
      `${root}/dist/cli/main.js`,
      'web',
      `--service=${import.meta.dirname}/site.mjs`,
      `--listen=tcp:${port}:interface=127.0.0.1`,
      '--threads=16',
      '--processes=2',
      '--graceful-timeout=10',
    ],
  }
  const env = {
    TMPDIR: join(folder, 'tmp'),
    SOAK_PYTHON: `${root}/.venvs/bench/bin/python`,
    SOAK_FILE: join(folder, 'large'),
    SOAK_STATIC: join(folder, 'static'),
  }
  const job = { module: '', path: '/django/', files: false, processes: 2, threads: 16, folder: root }
  const running = await startServer(server, job, { env: { ...env, PYTHONDONTWRITEBYTECODE: '1' } })
  return { ...running, url: new URL(running.url).origin }
}

/**
 * Traffic and trouble for some time; then rest, new processes that do the same as those before, and a look.
 * @param {Awaited<ReturnType<typeof start>>} server
 * @param {{ seconds: number, traffic: Traffic, trouble: Trouble, folder: string }} options
 */
async function stretch(server, { seconds, traffic, trouble, folder }) {
  traffic.start()
  trouble.start(TROUBLE_SECONDS)
  for (let left = seconds; left > 0; left -= 60) {
    await delay(Math.min(60, left) * 1000)
    tell(server.pid, { traffic, trouble })
  }
  await trouble.stop()
  await traffic.stop()
  await delay(12_000)
  await trouble.reload()
  await traffic.round()
  // The old processes have their time to end.
  for (let turn = 0; turn < 60 && processesOf(server.pid).length > 1 + HOSTS; turn++) await delay(500)
  await delay(10_000)
  return snapshot({ pid: server.pid, url: server.url, folder: join(folder, 'tmp') })
}

const begun = performance.now()

/** @param {number} pid @param {{ traffic: Traffic, trouble: Trouble }} what */
function tell(pid, { traffic, trouble }) {
  const others = processesOf(pid).filter((one) => one.pid !== pid)
  const mebibytes = (/** @type {number} */ bytes) => (bytes / 1024 ** 2).toFixed(0)
  const hosts = others.map((one) => mebibytes(resident(one.pid))).join(' + ')
  const { length } = readdirSync(`/proc/${pid}/fd`)
  const { wrong } = traffic
  const time = ((performance.now() - begun) / 60_000).toFixed(1)
  say(
    `${time} min: ${traffic.right} visits, ${trouble.kills} kills, ${trouble.reloads} reloads; server ${mebibytes(resident(pid))} MiB, ` +
      `${length} descriptors; hosts ${hosts} MiB${wrong.length === 0 ? '' : `; WRONG: ${wrong.join(', ')}`}`,
  )
}

ensureVenv(values.python)
const machine = describeMachine([])
say(`${machine.cores} cores (${machine.cpu}), ${machine.memory}, Linux ${machine.linux}. ${machine.versions.join(', ')}.`)
process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143))
const folder = mkdtempSync(join(tmpdir(), 'plait-soak-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const server = await start(folder)
try {
  const traffic = new Traffic(server.url)
  const trouble = new Trouble(server.pid, server.log)
  const warmup = Math.max(30, minutes * 12)
  say(`Warm-up of ${warmup.toFixed(0)} s`)
  const before = await stretch(server, { seconds: warmup, traffic, trouble, folder })
  say(`Load of ${(minutes * 60 - warmup).toFixed(0)} s`)
  const after = await stretch(server, { seconds: Math.max(30, minutes * 60 - warmup), traffic, trouble, folder })
  process.kill(server.pid, 'SIGTERM')
  const code = await Promise.race([server.exited, delay(30_000, 'not within 30 s')])
  const left = { processes: processesOf(server.pid).length, files: readdirSync(join(folder, 'tmp')) }
  if (values.log !== undefined) writeFileSync(values.log, server.log())
  const { text, passed } = report({ before, after, traffic, trouble, end: { code, ...left } })
  say(text)
  if (!passed) process.exitCode = 1
} finally {
  await server.stop()
}
