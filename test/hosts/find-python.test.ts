import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { findPython } from '#src/hosts/python/find-python.ts'

const real = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

/** A folder with interpreters (links to a real one) at these places, removed after the test. */
function folderWith(t: TestContext, ...places: readonly string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const place of places) {
    const file = path.join(folder, place)
    mkdirSync(path.dirname(file), { recursive: true })
    symlinkSync(real, file)
  }
  return folder
}

/** Something that answers like a Python of this version. */
function pretend(file: string, version: readonly number[]): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\necho '[${JSON.stringify(version)}, "cpython", ""]'\n`)
  chmodSync(file, 0o755)
}

test('findPython tells version, implementation and why', async (t) => {
  const cwd = folderWith(t)
  const found = await findPython({ cwd, env: { PATH: path.dirname(real) } })
  assert.match(found.version, /^3\.\d+\.\d+$/)
  assert.deepEqual(found.versionInfo.join('.'), found.version)
  assert.equal(found.implementation, 'CPython')
  assert.equal(found.why, 'python3 on PATH')
})

test('findPython looks in VIRTUAL_ENV, then .venv, then venv, then the project, then PATH', async (t) => {
  const cwd = folderWith(t, 'active/bin/python', 'app/.venv/bin/python', 'app/venv/bin/python', '.venv/bin/python')
  writeFileSync(path.join(cwd, 'pyproject.toml'), '')
  const app = path.join(cwd, 'app')
  const env: Record<string, string> = { PATH: path.dirname(real), VIRTUAL_ENV: path.join(cwd, 'active') }
  const order: string[] = []
  const next = async (): Promise<void> => void order.push(path.relative(cwd, (await findPython({ cwd: app, env })).path))
  await next()
  delete env['VIRTUAL_ENV']
  await next()
  rmSync(path.join(app, '.venv'), { recursive: true })
  await next()
  rmSync(path.join(app, 'venv'), { recursive: true })
  await next()
  assert.deepEqual(order, ['active/bin/python', 'app/.venv/bin/python', 'app/venv/bin/python', '.venv/bin/python'])
})

test('findPython takes UV_PROJECT_ENVIRONMENT and asks poetry', async (t) => {
  const cwd = folderWith(t, 'elsewhere/bin/python', 'made-by-poetry/bin/python')
  writeFileSync(path.join(cwd, 'pyproject.toml'), '')
  const uv = await findPython({ cwd, env: { PATH: path.dirname(real), UV_PROJECT_ENVIRONMENT: 'elsewhere' } })
  assert.equal(uv.path, path.join(cwd, 'elsewhere/bin/python'))
  writeFileSync(path.join(cwd, 'poetry.lock'), '')
  writeFileSync(path.join(cwd, 'poetry'), `#!/bin/sh\necho ${path.join(cwd, 'made-by-poetry')}\n`, { mode: 0o755 })
  const poetry = await findPython({ cwd, env: { PATH: `${cwd}:/bin:/usr/bin` } })
  assert.equal(poetry.path, path.join(cwd, 'made-by-poetry/bin/python'))
})

test('findPython takes what is asked for: a path, the folder of a venv, or a name on PATH', async (t) => {
  const cwd = folderWith(t, 'env/bin/python', 'names/mypython', '.venv/bin/python')
  const env = { PATH: path.join(cwd, 'names') }
  assert.equal((await findPython({ python: path.join(cwd, 'env/bin/python'), cwd, env })).path, path.join(cwd, 'env/bin/python'))
  assert.equal((await findPython({ python: 'env', cwd, env })).path, path.join(cwd, 'env/bin/python'))
  assert.match((await findPython({ python: 'mypython', cwd, env })).why, /asked for: mypython/)
})

test('findPython tries nothing else when what was asked for is missing or too old', async (t) => {
  const cwd = folderWith(t, '.venv/bin/python')
  const env = { PATH: path.dirname(real) }
  await assert.rejects(findPython({ python: './none', cwd, env }), {
    code: 'PLAIT_PYTHON_NOT_FOUND',
    detail: /asked for: \.\/none: is not there/,
  })
  pretend(path.join(cwd, 'old'), [3, 7, 16])
  await assert.rejects(findPython({ python: './old', cwd, env }), { code: 'PLAIT_PYTHON_TOO_OLD', detail: /3\.7\.16 is too old/ })
  writeFileSync(path.join(cwd, 'text'), 'hello', { mode: 0o644 })
  await assert.rejects(findPython({ python: './text', cwd, env }), { code: 'PLAIT_PYTHON_NOT_FOUND' })
})

test('findPython passes over an interpreter that is too old, and says so', async (t) => {
  const cwd = folderWith(t)
  pretend(path.join(cwd, '.venv/bin/python'), [2, 7, 18])
  const found = await findPython({ cwd, env: { PATH: path.dirname(real) } })
  assert.equal(found.why, 'python3 on PATH')
  assert.match(found.tried[0]?.result ?? '', /2\.7\.18 is too old/)
})

test('findPython without any Python lists where it looked', async (t) => {
  const cwd = folderWith(t)
  await assert.rejects(findPython({ cwd, env: { PATH: cwd } }), {
    code: 'PLAIT_PYTHON_NOT_FOUND',
    detail: /python3 on PATH: is not there\n {2}python on PATH: is not there/,
  })
})
