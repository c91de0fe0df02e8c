import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { root } from './support/paths.ts'

/** Rooms of src/ by import order: a file imports from its own room or from one with a larger number. */
const rooms: Readonly<Record<string, number>> = {
  cli: 1,
  testing: 1,
  wsgi: 2,
  resources: 2,
  resource: 3,
  http: 4,
  threadpool: 5,
  hosts: 6,
  wire: 7,
  reactor: 8,
  log: 9,
  modules: 10,
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
}

const sources = filesBelow(path.join(root, 'src'), '.ts')

function roomOf(file: string): string | undefined {
  const [room = '', ...rest] = path.relative(path.join(root, 'src'), file).split(path.sep)
  return rest.length === 0 ? undefined : room
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\b[^'"]*?from '(\.[^']+)'/gms)].map((match) =>
    path.resolve(path.dirname(file), match[1] as string),
  )
}

test('every folder of src/ is a room', () => {
  assert.deepEqual(
    [...new Set(sources.map(roomOf).filter((room) => room !== undefined))].toSorted(),
    Object.keys(rooms).toSorted(),
  )
})

test('files import only downwards', () => {
  const upwards = sources.flatMap((file) => {
    const from = roomOf(file)
    if (from === undefined) return []
    return importsOf(file)
      .filter((target) => (rooms[roomOf(target) ?? ''] ?? Infinity) < (rooms[from] as number))
      .map((target) => `${path.relative(root, file)} imports ${path.relative(root, target)}`)
  })
  assert.deepEqual(upwards, [])
})

test('no file is imported in a circle, types aside', () => {
  const graph = new Map(
    sources.map((file) => {
      const text = readFileSync(file, 'utf8').replace(/^(?:import|export) type\b[^'"]*?from '[^']+'/gms, '')
      const targets = [...text.matchAll(/^(?:import|export)\b[^'"]*?from '(\.[^']+)'/gms)]
      return [file, targets.map((match) => path.resolve(path.dirname(file), match[1] as string))]
    }),
  )
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(file), `circle: ${[...trail, file].map((one) => path.relative(root, one)).join(' → ')}`)
    if (done.has(file)) return
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of sources) visit(file, [])
})

test('no source file has more than 400 lines, and none an empty name', () => {
  for (const file of [...sources, ...filesBelow(path.join(root, 'python'), '.py')]) {
    const lines = readFileSync(file, 'utf8').split('\n').length
    assert.ok(lines <= 400, `${path.relative(root, file)} has ${lines} lines`)
    assert.doesNotMatch(path.basename(file), /^(utils?|helpers?|common|misc|types)\./)
  }
})

test('the Python host is Python 3.8', () => {
  const script = 'import ast,sys\nfor name in sys.argv[1:]: ast.parse(open(name).read(), name, feature_version=(3, 8))'
  execFileSync('python3', ['-c', script, ...filesBelow(path.join(root, 'python'), '.py')])
})

test('the repository names no machine and no registry', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  const [home, work] = ['root', 'work'].map((name) => `/${name}/`)
  for (const name of tracked.filter((one) => one !== 'package-lock.json')) {
    const text = readFileSync(path.join(root, name), 'latin1')
    assert.ok(!text.includes(home as string) && !text.includes(work as string), `${name} names a folder of a machine`)
  }
})

test('every error code is explained in docs/errors.md', () => {
  const codes = [...readFileSync(path.join(root, 'src/errors.ts'), 'utf8').matchAll(/'(PLAIT_\w+)'/g)].map(
    (match) => match[1] as string,
  )
  const page = readFileSync(path.join(root, 'docs/errors.md'), 'utf8')
  assert.ok(codes.length >= 10)
  assert.deepEqual(
    codes.filter((code) => !page.includes(code)),
    [],
  )
})
