// Compiles src/ to dist/ (what users get) and, with --test, test/ to build/test.
import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const compile = (project) => execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' })

rmSync(`${root}dist`, { recursive: true, force: true })
compile('tsconfig.json')
chmodSync(`${root}dist/cli/main.js`, 0o755)
if (process.argv.includes('--test')) {
  rmSync(`${root}build`, { recursive: true, force: true })
  compile('test/tsconfig.json')
}
