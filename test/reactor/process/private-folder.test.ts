import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { PrivateFolder } from '#src/reactor/process/private-folder.ts'
import { asOrdinaryUser } from '../../support/ordinary-user.ts'
import { root } from '../../support/paths.ts'

const asRoot = process.getuid?.() === 0

function base(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** The number of a process that is dead. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid as number
}

/** The name of a folder as a process of this machine makes it. */
function nameFor(folder: string, pid: number): string {
  const own = new PrivateFolder(folder)
  const name = path.basename(own.path).replace(/^plait-\d+-/, `plait-${pid}-`)
  own.remove()
  return name
}

test('PrivateFolder is for its user alone, and made anew when it is gone, or is another one', (t) => {
  const at = base(t)
  const folder = new PrivateFolder(at)
  t.after(() => folder.remove())
  const first = folder.path
  assert.equal(statSync(first).mode & 0o777, 0o700)
  assert.equal(folder.path, first)
  rmSync(first, { recursive: true })
  const second = folder.path
  assert.notEqual(second, first)
  // Somebody else's, under the same name.
  renameSync(second, `${second}.away`)
  mkdirSync(second)
  const third = folder.path
  assert.notEqual(third, second)
  renameSync(third, `${third}.away`)
  symlinkSync(`${third}.away`, third)
  assert.notEqual(folder.path, third)
})

test('PrivateFolder is made with its base when that is gone, and removed at exit', (t) => {
  const at = path.join(base(t), 'gone', 'too')
  const module = `${root}/dist/reactor/process/private-folder.js`
  const script = `
    const { PrivateFolder } = await import(${JSON.stringify(module)})
    const folder = new PrivateFolder(${JSON.stringify(at)})
    const { writeFileSync } = await import('node:fs')
    writeFileSync(folder.path + '/a', 'a')
    console.log(folder.path)`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.equal(path.dirname(stdout.trim()), at)
  assert.deepEqual(readdirSync(at), [])
})

test('PrivateFolder.sweep removes what dead processes of this user and machine left, and nothing else', async (t) => {
  const at = base(t)
  const dead = await deadProcess()
  const left = path.join(at, nameFor(at, dead))
  mkdirSync(left)
  writeFileSync(`${left}/body`, 'x')
  const victim = path.join(at, 'victim')
  mkdirSync(victim)
  writeFileSync(`${victim}/precious`, 'x')
  const [, machine, namespace] = /^plait-\d+-(\w+)-(\d+)-/.exec(nameFor(at, dead)) ?? []
  const elsewhere = (end: string): string => `plait-${dead}-${machine}-${Number(namespace) + 1}-${end}`
  const spared = [
    nameFor(at, process.ppid),
    // Who is alive in another namespace of pids cannot be seen from here.
    elsewhere('abcdef'),
    `plait-${dead}-00000000-${namespace}-abcdef`,
    `plait-${dead}-abcdef`,
    `plait-test-${dead}`,
    `plait-0-${machine}-${namespace}-abcdef`,
  ]
  for (const name of spared) mkdirSync(path.join(at, name))
  const lure = path.join(at, nameFor(at, dead))
  symlinkSync(victim, lure)
  const inside = path.join(at, nameFor(at, dead))
  mkdirSync(inside)
  symlinkSync(victim, `${inside}/link`)
  const old = path.join(at, elsewhere('fedcba'))
  mkdirSync(old)
  const before = Date.now() / 1000 - 2 * 24 * 3600
  utimesSync(old, before, before)
  assert.equal(new PrivateFolder(at).sweep(), 3)
  assert.ok(!existsSync(old), 'nobody has touched it for a day')
  assert.deepEqual([existsSync(left), existsSync(inside), existsSync(`${victim}/precious`)], [false, false, true])
  for (const name of spared) assert.ok(existsSync(path.join(at, name)), name)
  assert.ok(existsSync(lure))
})

test('PrivateFolder.sweep knows what its own number left before, as in a container, from what is its own', (t) => {
  const at = base(t)
  const own = new PrivateFolder(at)
  t.after(() => own.remove())
  const before = path.join(at, nameFor(at, process.pid))
  mkdirSync(before)
  const mine = own.path
  assert.equal(new PrivateFolder(at).sweep(), 1)
  assert.deepEqual([existsSync(before), existsSync(mine)], [false, true])
})

test('PrivateFolder.sweep leaves what is another user’s, and does not look into it', async (t) => {
  const at = base(t)
  const name = nameFor(at, await deadProcess())
  const left = path.join(at, name)
  mkdirSync(left)
  if (!asRoot) chmodSync(left, 0)
  else chownSync(left, 65534, 65534)
  const swept = new PrivateFolder(at).sweep()
  assert.deepEqual([swept, existsSync(left)], asRoot ? [0, true] : [1, false])
})

test('PrivateFolder.check says what is wrong with its base', async (t) => {
  const at = base(t)
  writeFileSync(`${at}/file`, '')
  mkdirSync(`${at}/closed`)
  chmodSync(at, 0o755)
  const says = (folder: string, what: RegExp): void => {
    assert.throws(() => new PrivateFolder(folder).check(), { code: 'PLAIT_CONFIGURATION', message: what })
  }
  says(`${at}/none`, /^Cannot keep temporary files in \S+\/none: there is no such directory$/)
  says(`${at}/file`, /\/file: it is no directory$/)
  await asOrdinaryUser([], async () => {
    chmodSyncIfOwn(`${at}/closed`, 0o500)
    says(`${at}/closed`, /\/closed: the user \S+( \(uid \d+\))? may not write there$/)
  })
})

/** Where the tests run as root, the folder is root's, and closed to others as it is. */
function chmodSyncIfOwn(folder: string, mode: number): void {
  if (!asRoot) chmodSync(folder, mode)
}

test('PrivateFolder.check warns where others could rename what is in its base', (t) => {
  const at = base(t)
  const warnings = (): readonly string[] => new PrivateFolder(at).check()
  assert.deepEqual(warnings(), [])
  chmodSync(at, 0o777)
  assert.match(warnings().join(), /^Every user of this machine may rename what is in \S+: chmod \+t \S+$/)
  chmodSync(at, 0o1777)
  assert.deepEqual(warnings(), [])
  assert.deepEqual(readdirSync(at), [])
  if (!asRoot) return
  chownSync(at, 65534, 65534)
  assert.match(warnings().join(), /belongs to another user \(uid 65534\)/)
})
