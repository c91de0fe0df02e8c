import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { reactor, PlaitError, Resource } from '#src/index.ts'
import { Clock } from '#src/testing.ts'
import { ModuleLoader, loadModule } from '#src/modules/module-loader.ts'
import type { Transpiled } from '#src/modules/transpile.ts'

/** A folder with files, and a loader of its own. */
function folder(t: TestContext, files: Record<string, string>) {
  const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'plait-modules-')))
  t.after(() => rmSync(base, { recursive: true, force: true }))
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(base, name)), { recursive: true })
    writeFileSync(path.join(base, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)
  const loader = new ModuleLoader()
  const load = async (name: string): Promise<Record<string, unknown>> => (await loader.load(path.join(base, name))).exports
  return { base, write, load, loader }
}

async function failure(promise: Promise<unknown>): Promise<PlaitError> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof PlaitError)
    assert.equal(error.code, 'PLAIT_MODULE')
    return error
  }
  throw new Error('it did not fail')
}

test('loadModule takes TypeScript that Node alone would refuse', async (t) => {
  const { base } = folder(t, {
    'site.ts': `#!/usr/bin/env node
enum Colour { Red = 1, Green }
namespace Numbers { export const seven = 7 }
function marked<T>(target: T): T { (target as any).marked = true; return target }
@marked
class Point { constructor(readonly x: number, private y = 2) {} get sum(): number { return this.x + this.y } }
export const { Green } = Colour
export const seven = await Promise.resolve(Numbers.seven)
export const sum = new Point(1).sum satisfies number
export const isMarked = (Point as any).marked
export default Point
`,
  })
  const module = await loadModule(path.join(base, 'site.ts'))
  assert.equal(module['Green'], 2)
  assert.equal(module['seven'], 7)
  assert.equal(module['sum'], 3)
  assert.equal(module['isMarked'], true)
  assert.equal(typeof module['default'], 'function')
})

test('loadModule gives a relative path its place below the working directory', async (t) => {
  const { base } = folder(t, { 'a.ts': 'export const here = import.meta.filename' })
  const relative = path.relative(process.cwd(), path.join(base, 'a.ts'))
  assert.equal((await loadModule(relative))['here'], path.join(base, 'a.ts'))
})

for (const ending of ['ts', 'mts', 'js', 'mjs']) {
  test(`a .${ending} file and its helper import the Plait that runs, whatever copies are near`, async (t) => {
    const copy = 'export const reactor = "copy", Resource = "copy", Clock = "copy"'
    const { load } = folder(t, {
      'node_modules/plait/package.json': '{"name":"plait","type":"module","exports":{".":"./i.js","./testing":"./i.js"}}',
      'node_modules/plait/i.js': copy,
      'package.json': '{"type":"module"}',
      [`a.${ending}`]: `import { reactor, Resource } from 'plait'
import { Clock } from 'plait/testing'
import * as helper from './helper.${ending}'
export { reactor, Resource, Clock, helper }
export const later = await import('plait')
export const required = require('plait')`,
      [`helper.${ending}`]: `export { reactor, Resource } from 'plait'\nexport * from 'plait/testing'`,
    })
    const module = await load(`a.${ending}`)
    for (const one of [module, module['helper'], module['later'], module['required']] as Record<string, unknown>[]) {
      assert.equal(one['reactor'], reactor)
      assert.equal(one['Resource'], Resource)
    }
    assert.equal(module['Clock'], Clock)
    assert.equal((module['helper'] as Record<string, unknown>)['Clock'], Clock)
  })
}

test('a module runs once, and again when its file has changed', async (t) => {
  const { write, load } = folder(t, { 'a.ts': 'export const token = {}; export const word: string = "one"' })
  const first = await load('a.ts')
  assert.equal(await load('a.ts'), first)
  write('a.ts', 'export const token = {}; export const word: string = "two"')
  const second = await load('a.ts')
  assert.equal(second['word'], 'two')
  assert.equal(first['word'], 'one')
  assert.equal(await load('a.ts'), second)
})

test('a change is noticed that keeps size and time, and one by renaming', async (t) => {
  const { base, write, load } = folder(t, { 'a.ts': 'export const word = 1' })
  const file = path.join(base, 'a.ts')
  utimesSync(file, 1000, 1000)
  assert.equal((await load('a.ts'))['word'], 1)
  write('a.ts', 'export const word = 2')
  utimesSync(file, 1000, 1000)
  assert.equal((await load('a.ts'))['word'], 2)
  write('b.ts', 'export const word = 3')
  utimesSync(path.join(base, 'b.ts'), 1000, 1000)
  renameSync(path.join(base, 'b.ts'), file)
  assert.equal((await load('a.ts'))['word'], 3)
})

test('a change of an imported file, near or far, is noticed; what did not change stays as it is', async (t) => {
  const { write, load } = folder(t, {
    'a.ts': `import { far } from './near'\nimport { state } from './state.js'\nimport data from './data.json' with { type: 'json' }
export { far, state, data }`,
    'near.ts': `export { far } from './deep/far.mjs'`,
    'deep/far.mjs': 'export const far = 1',
    'state.ts': 'export const state = {}',
    'data.json': '{"n": 1}',
    'other.ts': `export { state } from './state.ts'`,
  })
  const first = await load('a.ts')
  assert.deepEqual([first['far'], first['data']], [1, { n: 1 }])
  assert.equal((await load('other.ts'))['state'], first['state'])
  write('deep/far.mjs', 'export const far = 2')
  const second = await load('a.ts')
  assert.equal(second['far'], 2)
  assert.equal(second['state'], first['state'])
  write('data.json', '{"n": 2}')
  assert.deepEqual((await load('a.ts'))['data'], { n: 2 })
})

test('a helper that changes is loaded again once for all that import it', async (t) => {
  const { write, load } = folder(t, {
    'a.ts': `export { token } from './helper.ts'`,
    'b.ts': `export { token } from './helper.ts'`,
    'helper.ts': 'export const token = {}',
  })
  const [a, b] = await Promise.all([load('a.ts'), load('b.ts')])
  assert.equal(a['token'], b['token'])
  write('helper.ts', 'export const token = { second: true }')
  const [a2, b2] = await Promise.all([load('a.ts'), load('b.ts')])
  assert.deepEqual(a2['token'], { second: true })
  assert.equal(a2['token'], b2['token'])
})

test('loads at the same time share one', async (t) => {
  const { write, load } = folder(t, { 'a.ts': 'await new Promise((done) => setImmediate(done)); export const token = {}' })
  const many = await Promise.all(Array.from({ length: 20 }, () => load('a.ts')))
  assert.equal(new Set(many).size, 1)
  write('a.ts', 'await new Promise((done) => setImmediate(done)); export const token = { second: true }')
  const again = await Promise.all(Array.from({ length: 20 }, () => load('a.ts')))
  assert.equal(new Set(again).size, 1)
  assert.deepEqual(again[0]?.['token'], { second: true })
})

test('a load that fails is tried again, also when no file has changed', async (t) => {
  const key = 'plait-test-fails'
  t.after(() => Reflect.deleteProperty(globalThis, key))
  const { load } = folder(t, { 'a.ts': `if (!globalThis['${key}']) throw new Error('not yet'); export const word = 1` })
  assert.match((await failure(load('a.ts'))).message, /Cannot load .*a\.ts: Error: not yet$/)
  ;(globalThis as Record<string, unknown>)[key] = true
  assert.equal((await load('a.ts'))['word'], 1)
})

test('a text that cannot be parsed is parsed once, until it changes', async (t) => {
  const { write, load } = folder(t, { 'a.ts': 'const a: = 1' })
  const first = await failure(load('a.ts'))
  assert.equal(await failure(load('a.ts')), first)
  write('a.ts', 'const b: = 1')
  const second = await failure(load('a.ts'))
  assert.notEqual(second, first)
  assert.match(second.detail ?? '', /const b/)
  write('a.ts', 'export const word = 1')
  assert.equal((await load('a.ts'))['word'], 1)
})

test('circles end, also those that two loads enter at different places', { timeout: 10_000 }, async (t) => {
  const { load } = folder(t, {
    'a.ts': `import * as b from './b.ts'\nawait 0\nexport const name = 'a'\nexport const other = () => b.name`,
    'b.ts': `import * as c from './c.ts'\nawait 0\nexport const name = 'b'\nexport const other = () => c.name`,
    'c.ts': `import * as a from './a.ts'\nimport * as itself from './c.ts'\nawait 0\nexport const name = 'c'\nexport const other = () => a.name + itself.name`,
  })
  const [a, b, c] = await Promise.all([load('a.ts'), load('b.ts'), load('c.ts')])
  assert.equal((a['other'] as () => string)(), 'b')
  assert.equal((b['other'] as () => string)(), 'c')
  assert.equal((c['other'] as () => string)(), 'ac')
  assert.equal(await load('a.ts'), a)
})

test('a failure names file and line as they are in the source', async (t) => {
  const { base, load } = folder(t, {
    'throws.ts': `interface Unused {\n  a: string\n}\n\nfunction fail(): never {\n  throw new TypeError('boom')\n}\nfail()\n`,
    'imports.ts': `import './throws.ts'`,
    'broken.ts': `const a = 1\nconst b: = 2\n`,
    'missing.ts': `import './nowhere.ts'`,
    'package.ts': `import 'no-such-package-at-all'`,
    'odd.ts': `throw 'a string'`,
  })
  const thrown = await failure(load('throws.ts'))
  assert.equal(thrown.message, `Cannot load ${base}/throws.ts: TypeError: boom`)
  assert.match(thrown.detail ?? '', /^TypeError: boom\n    at fail \(.*throws\.ts:6:9\)\n    at .*throws\.ts:8:1\)?$/)
  assert.ok(thrown.cause instanceof TypeError)
  assert.equal((await failure(load('imports.ts'))).message, thrown.message)
  const broken = await failure(load('broken.ts'))
  assert.equal(broken.message, `Cannot load ${base}/broken.ts: line 2: Unexpected token`)
  assert.equal(broken.detail, `${base}/broken.ts:2:10\nconst b: = 2\n         ^`)
  assert.equal((await failure(load('missing.ts'))).message, `Cannot find the file './nowhere.ts', imported by ${base}/missing.ts`)
  assert.match((await failure(load('package.ts'))).message, /^Cannot find the package 'no-such-package-at-all', imported by /)
  assert.match((await failure(load('odd.ts'))).message, /it threw a string, which is no Error$/)
  assert.equal((await failure(load('absent.ts'))).message, `Cannot load ${base}/absent.ts: there is no such file`)
  assert.match((await failure(load('.'))).message, /is no plain file$/)
})

test('functions of a module throw with their own lines, long after', async (t) => {
  const { base, load } = folder(t, {
    'a.ts': `type Text = string\n\nexport async function later(): Promise<Text> {\n  await 0\n  throw new Error('x')\n}\n`,
  })
  const { later } = (await load('a.ts')) as { later(): Promise<string> }
  await assert.rejects(later(), (error: Error) => error.stack?.includes(`${base}/a.ts:5:`) ?? false)
})

test('a file that is renamed is found under its new ending', async (t) => {
  const { base, load } = folder(t, { 'a.ts': `export { word } from './helper.js'`, 'helper.js': 'export const word = 1' })
  assert.equal((await load('a.ts'))['word'], 1)
  renameSync(path.join(base, 'helper.js'), path.join(base, 'helper.ts'))
  assert.equal((await load('a.ts'))['word'], 1)
})

test('a symbolic link is the file that it leads to, and may lead to another one later', async (t) => {
  const { base, load } = folder(t, {
    'one/a.ts': `export * from './word.ts'`,
    'one/word.ts': 'export const word = 1',
    'two/a.ts': 'export const word = 2',
  })
  symlinkSync('one', path.join(base, 'now'))
  assert.equal((await load('now/a.ts'))['word'], 1)
  assert.equal(await load('now/a.ts'), await load('one/a.ts'))
  rmSync(path.join(base, 'now'))
  symlinkSync('two', path.join(base, 'now'))
  assert.equal((await load('now/a.ts'))['word'], 2)
})

test('packages and CommonJS are left to Node, and shared with the program', async (t) => {
  const { load } = folder(t, {
    'node_modules/modern/package.json': '{"name":"modern","type":"module","exports":{"import":"./i.js"}}',
    'node_modules/modern/i.js': 'export const token = {}; export default 7',
    'a.ts': `import seven, { token } from 'modern'\nimport fs, { readFileSync } from 'fs'\nimport old, { word } from './old.cjs'
export { seven, token, word, old }
export const same = fs.readFileSync === readFileSync && (await import('node:fs')).readFileSync === readFileSync`,
    'old.cjs': 'exports.word = 1',
    'old.rpy.js': 'const { word } = require("./old.cjs"); module.exports = { word }',
  })
  const module = await load('a.ts')
  assert.deepEqual([module['seven'], module['same'], module['word'], module['old']], [7, true, 1, { word: 1 }])
  assert.equal((await load('old.rpy.js'))['word'], 1)
})

test('import.meta and the names of CommonJS are there', async (t) => {
  const { base, load } = folder(t, {
    'a.ts': `export const all = [import.meta.url, import.meta.filename, import.meta.dirname, __filename, __dirname]
export const { main } = import.meta
export const near = import.meta.resolve('./a.ts')
export const plait = import.meta.resolve('plait')`,
  })
  const module = await load('a.ts')
  assert.deepEqual(module['all'], [`file://${base}/a.ts`, `${base}/a.ts`, base, `${base}/a.ts`, base])
  assert.equal(module['main'], false)
  assert.equal(module['near'], `file://${base}/a.ts`)
  assert.match(module['plait'] as string, /\/dist\/index\.js$/)
})

test('nothing is written to the disk', async (t) => {
  const { base, load } = folder(t, { 'a.ts': 'export const a: number = 1', 'tmp/.keep': '' })
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = path.join(base, 'tmp')
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  await load('a.ts')
  assert.deepEqual(readdirSync(base, { recursive: true }).toSorted(), ['a.ts', 'tmp', 'tmp/.keep'])
})

test('ModuleLoader takes code that another has transpiled, also when the file has changed since', async (t) => {
  const { base, write } = folder(t, {
    'main.ts': "import { word } from './word.ts'\nexport const greeting: string = `${word}, world`",
    'word.ts': "export const word: string = 'Hello'",
  })
  const transpiled: Transpiled = new Map()
  const main = path.join(base, 'main.ts')
  const word = path.join(base, 'word.ts')
  const greet = async (): Promise<unknown> => (await new ModuleLoader({ transpiled }).load(main)).exports['greeting']
  assert.equal(await greet(), 'Hello, world')
  assert.deepEqual([...transpiled.keys()].toSorted(), [main, word])
  // Nothing else could give this.
  const known = transpiled.get(word) as { stamp: string; code: string }
  transpiled.set(word, { ...known, code: known.code.replace('Hello', 'Good day') })
  assert.equal(await greet(), 'Good day, world')
  write('word.ts', "export const word: string = 'Farewell'")
  assert.equal(await greet(), 'Good day, world')
  transpiled.delete(word)
  assert.equal(await greet(), 'Farewell, world')
})
