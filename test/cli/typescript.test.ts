import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWeb } from '../support/server.ts'
import { folderWith, runPlait } from './run-plait.ts'

const typescript = `
import type { Environ, StartResponse } from 'plait'
export function application(environ: Environ, startResponse: StartResponse): string[] {
  startResponse('200 OK', [['Content-Type', 'text/plain']])
  if (environ.PATH_INFO === '/loop') for (;;);
  if (environ.PATH_INFO === '/throw')
    throw new Error('at line seven')
  return ['from ' + environ.SCRIPT_NAME]
}
export const other = application
export const number: number = 3
`
const javascript = `
export const application = (environ, startResponse) => {
  startResponse('200 OK', [])
  return ['from ' + environ.SCRIPT_NAME]
}
`
const commonjs = `
exports.application = (environ, startResponse) => {
  startResponse('200 OK', [])
  return ['from ' + environ.SCRIPT_NAME]
}
`

async function text(url: string): Promise<string> {
  return await (await fetch(url)).text()
}

test('plait web --wsgi and --mount serve applications in TypeScript and JavaScript, each with its place', async (t) => {
  const files = {
    'a.ts': typescript,
    'b.mts': typescript,
    'c.cts': commonjs,
    'd.js': javascript,
    'e.mjs': javascript,
    'f.cjs': commonjs,
  }
  const cwd = folderWith(t, files)
  const mounts = Object.keys(files).flatMap((file) => ['--mount', `/${file}=wsgi:./${file}#application`])
  const server = await startWeb(['--wsgi', './a.ts#other', ...mounts, '--threads', '3', '--run-in', 'python'], { cwd })
  t.after(() => server.stop())
  assert.equal(await text(server.url), 'from ')
  for (const file of Object.keys(files)) assert.equal(await text(`${server.url}/${file}/x`), `from /${file}`)
  for (const said of [
    /\/ → application \.\/a\.ts#other in \S+/,
    /Interpreter \S+ \(Node \d+\.\d+\.\d+; worker threads of the server\)/,
    /Up to 3 worker threads/,
  ])
    assert.match(server.log(), said)
  assert.doesNotMatch(server.log(), /process ×/)
})

test('plait web --wsgi takes a file without a name for its export application, from --chdir', async (t) => {
  const cwd = folderWith(t, { 'a.ts': typescript })
  const server = await startWeb(['--wsgi', './a.ts', '--chdir', cwd])
  t.after(() => server.stop())
  assert.equal(await text(server.url), 'from ')
})

test('plait web --timeout ends a request that loops, with 504; a traceback names the line of the TypeScript file', async (t) => {
  const cwd = folderWith(t, { 'a.ts': typescript })
  const server = await startWeb(['--wsgi', './a.ts', '--timeout', '0.5', '--thread-memory', '64', '--display-tracebacks'], {
    cwd,
  })
  t.after(() => server.stop())
  assert.equal((await fetch(`${server.url}/loop`)).status, 504)
  const failed = await fetch(`${server.url}/throw`)
  assert.equal(failed.status, 500)
  assert.match(await failed.text(), /Error: at line seven\n +at application \(\S+a\.ts:7:9\)\n?<\/pre>/)
  assert.match(server.log(), /a\.ts:7:9/)
  assert.equal(await text(server.url), 'from ')
})

const wrong: readonly [name: string, code: number, message: RegExp][] = [
  [
    './none.ts#application',
    1,
    /^plait: Cannot load the application "\.\/none\.ts#application": Cannot load \S+none\.ts: there is no such file\n$/,
  ],
  ['./a.ts#none', 1, /\S+a\.ts exports no none; functions that it exports: application, other\n$/],
  ['./a.ts#number', 1, /number of \S+a\.ts is of the type number: a WSGI application is a function/],
  ['./broken.ts', 1, /Cannot load \S+broken\.ts: line 2: [^]*broken\.ts:2:14\nexport const = 3\n {13}\^\n$/],
  ['./throws.ts', 1, /raised an exception while it was imported: Error: boom\n[^]*throws\.ts:2:7/],
  [
    './imports.ts',
    1,
    /imports\.ts[^]*Cannot find the file '\.\/nowhere\.ts', imported by \S+imports\.ts|Cannot find the file '\.\/nowhere\.ts'/,
  ],
]

test('plait web --wsgi says what is wrong with a file of TypeScript', async (t) => {
  const cwd = folderWith(t, {
    'a.ts': typescript,
    'broken.ts': '\nexport const = 3',
    'throws.ts': '\nthrow new Error("boom")',
    'imports.ts': `import './nowhere.ts'`,
  })
  for (const [name, code, message] of wrong) {
    const run = await runPlait(['web', '--listen', '127.0.0.1:0', '--wsgi', name], { cwd })
    assert.match(run.stderr, message, name)
    assert.equal(run.code, code, name)
  }
})
