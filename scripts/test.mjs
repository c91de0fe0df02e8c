// Builds and runs the tests: all of them, or the files and folders named (relative to test/).
//   node scripts/test.mjs [--no-build] [--no-frameworks] [--concurrency=2] [--without=chaos,twisted] [wire conformance cli/endpoint.test.ts …]
// Under CI=true a skipped test is a failure.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const named = words.filter((word) => !word.startsWith('--'))
const [, concurrency = '2'] = /^--concurrency=(\d+)$/m.exec(words.join('\n')) ?? []
const without = words.flatMap((word) => (word.startsWith('--without=') ? word.slice(10).split(',') : []))
const inCI = process.env.CI === 'true'

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** The compiled test files below build/test, by name: Node 20 knows no patterns, and fixtures are no tests. */
function testFiles(folder = join(root, 'build/test')) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return testFiles(path)
    return entry.name.endsWith('.test.js') ? [path] : []
  })
}

function isMeant(file) {
  const relative = file.slice(join(root, 'build/test/').length).replace(/\.js$/, '.ts')
  const isIn = (name) => relative === name || relative.startsWith(`${name.replace(/\/$/, '')}/`)
  return (named.length === 0 || named.some(isIn)) && !without.some(isIn)
}

if (!words.includes('--no-build')) run('scripts/build.mjs', '--test')
const venv = join(root, 'build/test/support/venv.js')
if (!words.includes('--no-frameworks') && existsSync(venv)) run(venv)

const files = testFiles().filter(isMeant)
if (files.length === 0) {
  process.stderr.write(`No test file is named ${named.join(', ')}\n`)
  process.exit(1)
}
const child = spawn(process.execPath, ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`, ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
})
let tail = ''
let skipped = 0
const reasons = new Set()
child.stdout.setEncoding('utf8').on('data', (text) => {
  process.stdout.write(text)
  const lines = (tail + text).split('\n')
  tail = lines.pop()
  for (const line of lines) {
    const [, count] = /^. skipped (\d+)/.exec(line) ?? []
    if (count !== undefined) skipped = Number(count)
    // The spec reporter shows a skipped test as "﹣ name # reason".
    const [, name] = /^\s*﹣ (.*)/.exec(line) ?? []
    if (name !== undefined) reasons.add(name)
  }
})
child.on('close', (code) => {
  if (skipped > 0) {
    process.stdout.write(`\n*** ${skipped} tests were SKIPPED:\n${[...reasons].map((reason) => `***   ${reason}\n`).join('')}`)
    if (inCI) process.stdout.write('*** Under CI=true that is a failure.\n')
  }
  process.exit(code !== 0 ? (code ?? 1) : skipped > 0 && inCI ? 1 : 0)
})
