import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { PlaitError } from '#src/errors.ts'
import { findPython } from '#src/hosts/python/find-python.ts'

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'plait-python-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Puts a program there that answers as the interpreter of this version would. */
function makeInterpreter(file: string, version: readonly number[], implementation = 'cpython'): string {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\necho '[${JSON.stringify(version)}, "${implementation}", "${file}"]'\n`)
  chmodSync(file, 0o755)
  return file
}

const has = (code: string, said: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlaitError)
  assert.equal(error.code, code)
  assert.match(`${error.message}\n${error.detail}`, said)
  return true
}

test('findPython takes places in their order', async (t) => {
  const cwd = makeFolder(t)
  const bin = path.join(cwd, 'bin')
  const env: Record<string, string> = { PATH: bin }
  const find = async (python?: string) => {
    const found = await findPython({ cwd, env, ...(python === undefined ? {} : { python }) })
    return [path.relative(cwd, found.path), found.why]
  }

  makeInterpreter(path.join(bin, 'python'), [3, 9, 1])
  assert.deepEqual(await find(), ['bin/python', 'python on PATH'])
  makeInterpreter(path.join(bin, 'python3'), [3, 10, 1])
  assert.deepEqual(await find(), ['bin/python3', 'python3 on PATH'])

  writeFileSync(path.join(cwd, 'pyproject.toml'), '')
  env['UV_PROJECT_ENVIRONMENT'] = 'uv-env'
  makeInterpreter(path.join(cwd, 'uv-env/bin/python'), [3, 11, 1])
  assert.deepEqual(await find(), ['uv-env/bin/python', `the environment of the uv project ${cwd}`])

  makeInterpreter(path.join(cwd, 'venv/bin/python'), [3, 12, 1])
  assert.deepEqual(await find(), ['venv/bin/python', `the venv of ${cwd}`])
  makeInterpreter(path.join(cwd, '.venv/bin/python'), [3, 12, 2])
  assert.deepEqual(await find(), ['.venv/bin/python', `the .venv of ${cwd}`])

  env['VIRTUAL_ENV'] = path.join(cwd, 'active')
  makeInterpreter(path.join(cwd, 'active/bin/python'), [3, 13, 1])
  assert.deepEqual(await find(), ['active/bin/python', `VIRTUAL_ENV (${cwd}/active)`])
  assert.deepEqual(await find('venv'), ['venv/bin/python', 'the venv venv'])
  assert.deepEqual(await find('python'), ['bin/python', 'asked for: python'])
  assert.deepEqual(await find('./bin/python3'), ['bin/python3', 'asked for: ./bin/python3'])
})

test('findPython finds the venv of a uv project from a folder within it', async (t) => {
  const project = makeFolder(t)
  const cwd = path.join(project, 'src/app')
  mkdirSync(cwd, { recursive: true })
  writeFileSync(path.join(project, 'pyproject.toml'), '')
  const python = makeInterpreter(path.join(project, '.venv/bin/python'), [3, 11, 0])
  assert.equal((await findPython({ cwd, env: { PATH: '' } })).path, python)
})

test('findPython asks poetry for the environment of its project', async (t) => {
  const cwd = makeFolder(t)
  writeFileSync(path.join(cwd, 'pyproject.toml'), '[tool.poetry]\n')
  writeFileSync(path.join(cwd, 'poetry.lock'), '')
  const python = makeInterpreter(path.join(cwd, 'far/bin/python'), [3, 11, 0])
  const poetry = path.join(cwd, 'bin/poetry')
  mkdirSync(path.dirname(poetry))
  writeFileSync(poetry, `#!/bin/sh\n[ "$*" = "env info -p" ] && echo '${cwd}/far'\n`)
  chmodSync(poetry, 0o755)
  const found = await findPython({ cwd, env: { PATH: path.dirname(poetry) } })
  assert.equal(found.path, python)
  assert.match(found.why, /poetry project/)
})

test('findPython tells version and implementation, and what it passed over', async (t) => {
  const cwd = makeFolder(t)
  makeInterpreter(path.join(cwd, '.venv/bin/python'), [3, 7, 16])
  mkdirSync(path.join(cwd, 'venv'))
  makeInterpreter(path.join(cwd, 'bin/python3'), [3, 11, 7], 'pypy')
  const found = await findPython({ cwd, env: { PATH: path.join(cwd, 'bin') } })
  assert.equal(found.version, '3.11.7')
  assert.deepEqual(found.versionInfo, [3, 11, 7])
  assert.equal(found.implementation, 'PyPy')
  assert.deepEqual(found.tried, [
    { where: `the .venv of ${cwd}`, result: 'Python 3.7.16 is too old' },
    { where: `the venv of ${cwd}`, result: 'is not there' },
    { where: 'python3 on PATH', result: 'Python 3.11.7' },
  ])
})

test('findPython with nothing to find says where it looked', async (t) => {
  const cwd = makeFolder(t)
  const none = findPython({ cwd, env: { PATH: path.join(cwd, 'bin') } })
  await assert.rejects(none, has('PLAIT_PYTHON_NOT_FOUND', /install Python[^]*python3 on PATH: is not there/))
  makeInterpreter(path.join(cwd, 'bin/python3'), [2, 7, 18])
  const old = findPython({ cwd, env: { PATH: path.join(cwd, 'bin') } })
  await assert.rejects(old, has('PLAIT_PYTHON_TOO_OLD', /3\.8 or newer[^]*Python 2\.7\.18 is too old/))
})

test('findPython tries nothing else when one was asked for', async (t) => {
  const cwd = makeFolder(t)
  const env = { PATH: path.join(cwd, 'bin') }
  makeInterpreter(path.join(cwd, 'bin/python3'), [3, 11, 7])
  await assert.rejects(findPython({ cwd, env, python: './none' }), has('PLAIT_PYTHON_NOT_FOUND', /check --python/))
  const old = makeInterpreter(path.join(cwd, 'old'), [3, 7, 0])
  await assert.rejects(findPython({ cwd, env, python: old }), has('PLAIT_PYTHON_TOO_OLD', /check --python/))
  writeFileSync(path.join(cwd, 'text'), 'no program')
  await assert.rejects(findPython({ cwd, env, python: './text' }), has('PLAIT_PYTHON_NOT_FOUND', /may not be executed/))
})
