import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { File } from '#src/resources/static/file.ts'
import type { FileOptions } from '#src/resources/static/file-settings.ts'
import { serve } from '../../resource/serve.ts'
import { makeTree, writeInto } from './tree.ts'

/** A served folder `www` beside files that must never be seen; their content is `secret`. */
function neighbours(options: FileOptions = {}) {
  const parent = makeTree({
    'www/f.txt': 'public',
    'www/d/g.txt': 'public',
    'www-more/f.txt': 'secret',
    'secret.txt': 'secret',
    'other/secret.txt': 'secret',
  })
  const www = path.join(parent, 'www')
  return { parent, www, ...serve(new File(www, options)) }
}

test('File leads nowhere out of its directory (E120)', async () => {
  const { port, parent } = neighbours()
  for (const target of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2E%2e%2Fsecret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/d/../../secret.txt',
    '/d/%2e%2e/%2e%2e/secret.txt',
    '/d/..%2f..%2fsecret.txt',
    '/./../secret.txt',
    '//../secret.txt',
    '/%2fetc%2fpasswd',
    `/${encodeURIComponent(path.join(parent, 'secret.txt'))}`,
    '/../www-more/f.txt',
    '/%2e%2e%2fwww-more/f.txt',
    '/%252e%252e/secret.txt',
    '/..;/secret.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '/..%c0%afsecret.txt',
    '/..%EF%BC%8Fsecret.txt',
    '/f.txt%2f..%2f..%2fsecret.txt',
    '/f.txt/../../secret.txt',
  ]) {
    const response = await port.request(`GET ${target}`)
    assert.equal(response.status, 404, target)
    assert.doesNotMatch(response.text, /^secret/)
  }
})

test('File never sees a NUL (E120)', async () => {
  const { port } = neighbours()
  for (const target of ['/f.txt%00', '/%00', '/d%00/g.txt', '/f.txt%00.html']) {
    assert.equal((await port.request(`GET ${target}`)).status, 400, target)
  }
  const file = new File('.')
  assert.equal(await file.getChild('a\0b', {} as never), file.childNotFound)
})

test('File never gives what lies outside, whatever the segments', async () => {
  const { port } = neighbours({ ignoredExts: ['.txt', '*'], dotfiles: 'allow' })
  const piece = fc.constantFrom(
    '..',
    '.',
    '',
    'd',
    'f',
    'f.txt',
    'secret',
    'secret.txt',
    'www-more',
    'other',
    '%2e',
    '%2e%2e',
    '%2f',
    '%5c',
    '\\',
    '..%2f',
    '~',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(piece, fc.webPath()), { maxLength: 8 }), async (pieces) => {
      const target = `/${pieces.join('/').replaceAll(/[?#\s]/g, '')}`
      const response = await port.request(`GET ${target}`)
      // A NUL is refused before any resource sees it.
      assert.ok((target.includes('%00') ? [400] : [200, 302, 404]).includes(response.status), String(response.status))
      assert.notEqual(response.text, 'secret')
      assert.doesNotMatch(response.text, /secret\.txt|www-more/)
    }),
    { numRuns: 300 },
  )
})

test('File follows symbolic links to what is inside, and to nothing else', async () => {
  const { port, www, parent } = neighbours()
  symlinkSync('f.txt', path.join(www, 'inside'))
  symlinkSync('d', path.join(www, 'inside-d'))
  symlinkSync(www, path.join(www, 'd/up'))
  symlinkSync('../secret.txt', path.join(www, 'outside'))
  symlinkSync(parent, path.join(www, 'outside-d'))
  symlinkSync('../www-more', path.join(www, 'prefix'))
  symlinkSync('../other', path.join(www, 'd/other'))
  symlinkSync('nothing', path.join(www, 'dangling'))
  symlinkSync('loop', path.join(www, 'loop'))
  for (const target of ['/inside', '/inside-d/g.txt', '/d/up/f.txt']) {
    assert.equal((await port.request(`GET ${target}`)).text, 'public', target)
  }
  for (const target of [
    '/outside',
    '/outside-d',
    '/outside-d/',
    '/outside-d/secret.txt',
    '/outside-d/www/f.txt/',
    '/prefix/f.txt',
    '/prefix/',
    '/d/other/',
    '/dangling',
    '/loop',
    '/loop/x',
  ]) {
    const response = await port.request(`GET ${target}`)
    assert.equal(response.status, 404, target)
  }
})

test('File follows no symbolic link, or any, by option', async () => {
  const denying = neighbours({ symlinks: 'deny' })
  const following = neighbours({ symlinks: 'follow' })
  for (const { www } of [denying, following]) {
    symlinkSync('f.txt', path.join(www, 'inside'))
    symlinkSync('d', path.join(www, 'inside-d'))
    symlinkSync('../secret.txt', path.join(www, 'outside'))
  }
  for (const target of ['/inside', '/inside-d', '/inside-d/g.txt', '/outside']) {
    assert.equal((await denying.port.request(`GET ${target}`)).status, 404, target)
  }
  assert.equal((await denying.port.request('GET /d/g.txt')).text, 'public')
  assert.equal((await following.port.request('GET /inside-d/g.txt')).text, 'public')
  assert.equal((await following.port.request('GET /outside')).text, 'secret')
})

test('File serves a root that is a symbolic link itself, and goes along when it is switched', async () => {
  const parent = makeTree({ 'releases/1/f.txt': 'one', 'releases/2/f.txt': 'two' })
  const current = path.join(parent, 'current')
  symlinkSync('releases/1', current)
  for (const symlinks of ['inside', 'deny'] as const) {
    const { port } = serve(new File(current, { symlinks }))
    assert.equal((await port.request('GET /f.txt')).text, 'one')
    unlinkSync(current)
    symlinkSync('releases/2', current)
    assert.equal((await port.request('GET /f.txt')).text, 'two')
    unlinkSync(current)
    symlinkSync('releases/1', current)
  }
})

test('File gives nothing from outside while links are switched under its hands', { timeout: 60_000 }, async () => {
  const { port, www } = neighbours()
  const inside = path.join(www, 'links-in')
  const outside = path.join(www, 'links-out')
  const link = path.join(www, 'link')
  mkdirSync(inside)
  writeInto(inside, 'secret.txt', 'public')
  let running = true
  const switching = (async () => {
    for (let turn = 0; running; turn++) {
      symlinkSync(turn % 2 === 0 ? inside : path.join(www, '../other'), outside)
      renameSync(outside, link)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const connection = port.connect()
  const seen = new Set<number>()
  for (let turn = 0; turn < 1500; turn++) {
    const response = await connection.request('GET /link/secret.txt')
    seen.add(response.status)
    assert.notEqual(response.text, 'secret')
  }
  running = false
  await switching
  assert.ok([...seen].every((status) => status === 200 || status === 404))
})

test('File sends regular files only: a FIFO, a socket or a device holds up nobody', async () => {
  const { port, www } = neighbours({ symlinks: 'follow', ignoredExts: ['.x'] })
  execFileSync('mkfifo', [path.join(www, 'fifo'), path.join(www, 'index.html'), path.join(www, 'f.txt.gz')])
  const server = createServer().listen(path.join(www, 'socket'))
  await new Promise((resolve) => server.once('listening', resolve))
  for (const device of ['null', 'zero', 'tty', 'full']) symlinkSync(`/dev/${device}`, path.join(www, device))
  const requests = ['/fifo', '/socket', '/null', '/zero', '/tty', '/full', '/']
  // More at the same time than libuv has threads.
  const responses = await Promise.all([...requests, ...requests].map((target) => port.request(`GET ${target}`)))
  assert.deepEqual(
    responses.map(({ status }) => status),
    responses.map(() => 404),
  )
  const negotiated = await port.request('GET /f.txt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n')
  assert.equal(negotiated.text, 'public')
  server.close()
})

test('File has no opinion on hard links, and a root that is gone gives 404', async () => {
  const { port, www, parent } = neighbours()
  linkSync(path.join(www, 'f.txt'), path.join(www, 'hard'))
  assert.equal((await port.request('GET /hard')).text, 'public')
  rmSync(parent, { recursive: true })
  assert.equal((await port.request('GET /hard')).status, 404)
  assert.equal((await port.request('GET /')).status, 404)
})

test('File takes no time for a path that was made to take time', async () => {
  const { port } = neighbours()
  const begun = process.cpuUsage()
  for (const segment of ['a', '%41', '.', 'd']) {
    const target = `/${segment}`.repeat(Math.floor(16_000 / (segment.length + 1)))
    assert.ok([302, 404].includes((await port.request(`GET ${target}`)).status))
  }
  assert.ok(process.cpuUsage(begun).user < 1_000_000)
})
