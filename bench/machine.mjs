import { cpus, loadavg, release, totalmem } from 'node:os'
import { readFileSync } from 'node:fs'
import { wrkVersion } from './load/load.mjs'
import { pinnedVersions, pythonVersion } from './venv.mjs'

/**
 * What the figures were made on and with: a measurement without it says nothing.
 * @param {readonly import('./servers.mjs').Server[]} chosen
 */
export function describeMachine(chosen) {
  const pins = pinnedVersions()
  const python = pythonVersion()
  const own = JSON.parse(readFileSync(`${import.meta.dirname}/../package.json`, 'utf8'))
  const peers = chosen.filter((server) => server.package !== undefined)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 1024 ** 3)} GiB`,
    linux: release(),
    load: loadavg()[0] ?? 0,
    loader: wrkVersion() ?? 'node (no wrk found: only the CPU column says something about fast servers)',
    versions: [
      `Plait ${own.version}`,
      `Node ${process.versions.node}`,
      ...peers.map((server) => `${server.name} ${pins.get(server.package ?? '') ?? '?'}`),
      ...(python === undefined ? [] : [python, `Flask ${pins.get('Flask')}`, `Django ${pins.get('Django')}`]),
    ],
  }
}
