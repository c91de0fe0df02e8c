import { renameSync, writeFileSync } from 'node:fs'

/** Changes the version of the application: whole, for a process that reads it now. @param {string} folder @param {number} version */
export function writeVersion(folder, version) {
  writeFileSync(`${folder}/version.new`, String(version))
  renameSync(`${folder}/version.new`, `${folder}/version`)
}
