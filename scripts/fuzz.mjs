// Builds and runs the fuzzers for longer than the tests do, all at the same time.
// Each says how many cases it tried and from which seed; the same seed gives the same cases in the same order.
//   npm run fuzz -- [seconds for each, 60 by default] [seed]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [seconds = '60', seed] = process.argv.slice(2)
const env = { ...process.env, PLAIT_FUZZ_SECONDS: seconds, ...(seed === undefined ? {} : { PLAIT_FUZZ_SEED: seed }) }
const words = [fileURLToPath(new URL('test.mjs', import.meta.url)), '--no-frameworks', '--concurrency=5', 'fuzz']
const { status } = spawnSync(process.execPath, words, { stdio: 'inherit', env })
process.exit(status ?? 1)
