import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Data } from '#src/resources/data.ts'
import { File } from '#src/resources/static/file.ts'
import { sizeText } from '#src/resources/static/listing-page.ts'
import { serve } from '../../resource/serve.ts'
import { longAgo, makeTree, serveTree } from './tree.ts'

/** Texts of the links in the body of the table. */
function namesIn(page: string): string[] {
  const body = page.slice(page.indexOf('<tbody>'))
  return [...body.matchAll(/<a href="[^"]*">([^<]*)<\/a>/g)].map((match) => match[1] as string)
}

function hrefsIn(page: string): string[] {
  return [...page.slice(page.indexOf('<tbody>')).matchAll(/<a href="([^"]*)">/g)].map((match) => match[1] as string)
}

test('File lists a directory without index: directories first, then files, by name (E128)', async () => {
  const { port } = serveTree({ 'b10.txt': '', 'b9.txt': '', 'a.txt': '', 'z/x': '', 'y/x': '', 'B.txt': '' })
  const response = await port.request('GET /')
  assert.equal(response.status, 200)
  assert.equal(response.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(response.text, /<title>Directory listing for \/<\/title>/)
  assert.deepEqual(namesIn(response.text), ['y/', 'z/', 'a.txt', 'B.txt', 'b9.txt', 'b10.txt'])
})

test('File lists size, type and time (E128)', async () => {
  const { port, folder } = serveTree({ 'a.txt': 'xy', 'b.js': '', 'd/x': '' })
  truncateSync(path.join(folder, 'b.js'), 3_500_000)
  const { text } = await port.request('GET /')
  assert.match(text, />a\.txt<[^]*?2 B<[^]*?text\/plain<[^]*?<time datetime="2023-11-14T22:13:20\.000Z">2023-11-14 22:13</)
  assert.match(text, />b\.js<[^]*?3\.3 MiB<[^]*?text\/javascript</)
  assert.match(text, />d\/<\/a><\/td><td class="size"><\/td><td class="type">Directory</)
})

test('File sorts a listing as its query asks, directories always first', async () => {
  const { port, folder } = serveTree({ 'a.txt': '333', 'b.txt': '1', 'c.txt': '22', 'd/x': '' })
  ;['a.txt', 'c.txt', 'b.txt'].forEach((name, at) => utimesSync(path.join(folder, name), longAgo + at, longAgo + at))
  for (const [query, names] of [
    ['', ['d/', 'a.txt', 'b.txt', 'c.txt']],
    ['?sort=name&order=desc', ['d/', 'c.txt', 'b.txt', 'a.txt']],
    ['?sort=size', ['d/', 'b.txt', 'c.txt', 'a.txt']],
    ['?sort=size&order=desc', ['d/', 'a.txt', 'c.txt', 'b.txt']],
    ['?order=asc&sort=modified', ['d/', 'a.txt', 'c.txt', 'b.txt']],
    ['?sort=%3Cscript%3E&order=x', ['d/', 'a.txt', 'b.txt', 'c.txt']],
    ['?sort=constructor', ['d/', 'a.txt', 'b.txt', 'c.txt']],
  ] as const) {
    assert.deepEqual(namesIn((await port.request(`GET /${query}`)).text), names, query)
  }
  const { text } = await port.request('GET /?sort=size')
  assert.match(text, /<th class="size" scope="col" aria-sort="ascending"><a href="\?sort=size&amp;order=desc">Size ↑</)
})

test('File escapes names and percent-encodes links; each link leads to its file (E128)', async () => {
  const names = [
    '<b>&"\'.txt',
    'a b#c?d.txt',
    'javascript:alert(1)',
    '100%.txt',
    'ü €.txt',
    '--.txt',
    "'onx='.txt",
    '~a;b,c',
    '%2e%2e',
  ]
  const { port } = serveTree(Object.fromEntries(names.map((name) => [name, `content of ${name}`])))
  const { text } = await port.request('GET /')
  assert.ok(!text.includes('<b>'))
  const hrefs = hrefsIn(text)
  assert.equal(hrefs.length, names.length)
  const contents: string[] = []
  for (const href of hrefs) {
    const target = new URL(href.replaceAll('&#39;', "'"), 'http://localhost/')
    assert.equal(target.host, 'localhost')
    contents.push((await port.request(`GET ${target.pathname}`)).text)
  }
  assert.deepEqual(contents.toSorted(), names.map((name) => `content of ${name}`).toSorted())
})

test('File lists any name so that its link leads back to it, and nothing breaks out of the page', async () => {
  const tags = (await serveTree({ plain: '' }).port.request('GET /')).text.split('<').length
  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((name) => !/[/\\\0]/.test(name) && !name.startsWith('.') && Buffer.byteLength(name) < 256)
  await fc.assert(
    fc.asyncProperty(names, async (name) => {
      const { port } = serveTree({ [name]: 'found' })
      const { text } = await port.request('GET /')
      const [href = ''] = hrefsIn(text)
      assert.equal((await port.request(`GET /${href.replaceAll('&#39;', "'")}`)).text, 'found')
      assert.equal(text.split('<').length, tags)
    }),
    { numRuns: 40 },
  )
})

test('File lists under an escaped title, whatever the path', async () => {
  const { port } = serveTree({ '<script>/x': '', 'é/x': '' })
  assert.match((await port.request('GET /%3Cscript%3E/')).text, /Directory listing for \/&lt;script&gt;\//)
  assert.match((await port.request('GET /%C3%A9/')).text, /Directory listing for \/é\//)
})

test('File sends a listing on which nothing can run', async () => {
  const { headers, text } = await serveTree({ 'a.txt': '' }).port.request('GET /')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-[\w+/=]+';/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cache-control'], 'no-cache')
  assert.ok(!text.includes('<script') && !text.includes('style='))
})

test('File lists only what it would serve', async () => {
  const outside = makeTree({ 'secret.txt': '' })
  const { port, folder } = serveTree({ 'a.txt': '', '.hidden': '', '.well-known/x': '', 'back\\slash': '' })
  symlinkSync('a.txt', path.join(folder, 'in'))
  symlinkSync(path.join(outside, 'secret.txt'), path.join(folder, 'out'))
  symlinkSync('nothing', path.join(folder, 'dangling'))
  execFileSync('mkfifo', [path.join(folder, 'fifo')])
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.of(0xff)]), 'x')
  assert.deepEqual(namesIn((await port.request('GET /')).text), ['.well-known/', 'a.txt', 'in'])
  const allowing = serve(new File(folder, { dotfiles: 'allow', symlinks: 'follow' }))
  assert.deepEqual(namesIn((await allowing.port.request('GET /')).text), ['.well-known/', '.hidden', 'a.txt', 'in', 'out'])
})

test('File links to the directory above, but not out of the site', async () => {
  const { port } = serveTree({ 'd/e/x': '' })
  assert.ok(!(await port.request('GET /')).text.includes('../'))
  assert.equal(namesIn((await port.request('GET /d/')).text)[0], '../')
})

test('File shows no listing when it is switched off, and another by directoryListing (E128)', async () => {
  assert.equal((await serveTree({ 'd/x': '' }, { listing: false }).port.request('GET /d/')).status, 404)
  class Other extends File {
    override directoryListing(): Data {
      return new Data('another listing', 'text/plain')
    }
  }
  assert.equal((await serve(new Other(makeTree({ 'd/x': '' }))).port.request('GET /d/')).text, 'another listing')
})

test('File says that a directory is empty, or has more than it shows', async () => {
  const { port, folder } = serveTree({ 'd/': '' })
  assert.match((await port.request('GET /d/')).text, /There is nothing here/)
  mkdirSync(path.join(folder, 'many'))
  for (let at = 0; at < 5001; at++) writeFileSync(path.join(folder, 'many', `f${at}`), '')
  const { text } = await port.request('GET /many/')
  assert.match(text, /There is more here than the first 5000 names/)
  assert.equal(namesIn(text).length, 5001)
})

test('DirectoryListing answers HEAD', async () => {
  const { port } = serveTree({ 'a.txt': '' })
  const head = await port.request('HEAD /')
  assert.equal(head.status, 200)
  assert.ok(Number(head.headers['content-length']) > 1000)
})

test('sizeText says sizes with two digits at least', () => {
  const sizes = [0, 1023, 1024, 1536, 10 * 1024, 1_048_575, 1024 ** 2, 5.25 * 1024 ** 3, 1024 ** 5 * 2000]
  assert.deepEqual(sizes.map(sizeText), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '10 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '5.3 GiB',
    '2000 PiB',
  ])
})
