import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../bench/running-server.mjs'
import { Notes } from './notes.mjs'

/**
 * Starts a server, lets a scenario happen to it, and stops it.
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {import('../../bench/servers.mjs').Server} server
 * @param {{ seconds: number | undefined, python: string | undefined }} options `python` for Plait, that of the bench's environment when absent
 * @returns {Promise<import('./scenarios.mjs').Outcome>}
 */
export async function play(scenario, server, { seconds, python }) {
  const folder = dataFolder()
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const words = typeof scenario.words === 'function' ? scenario.words(folder) : (scenario.words ?? {})
    const job = {
      module: 'chaos',
      folder: `${import.meta.dirname}/apps`,
      path: '/',
      files: false,
      processes: scenario.processes,
      threads: scenario.threads,
      words: words[server.name] ?? [],
      ...(python !== undefined && { python }),
    }
    const running = await startServer(server, job, { env: { CHAOS_DATA: folder, PYTHONDONTWRITEBYTECODE: '1' } })
    try {
      return await scenario.run({
        ...running,
        url: new URL(running.url).origin,
        server: server.name,
        folder,
        notes: new Notes(folder),
        seconds: seconds ?? scenario.seconds,
      })
    } finally {
      await running.stop()
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

/** What the application reads and writes. */
function dataFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'plait-chaos-'))
  writeFileSync(join(folder, 'version'), '0')
  writeFileSync(join(folder, 'notes'), '')
  const file = openSync(join(folder, 'file'), 'w')
  ftruncateSync(file, 64 * 1024 ** 2)
  closeSync(file)
  return folder
}
