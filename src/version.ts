import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** Plait's version, as in its package. */
export const plaitVersion: string = version
/** What the `Server` field and `SERVER_SOFTWARE` say. */
export const serverSoftware: string = `Plait/${version}`
