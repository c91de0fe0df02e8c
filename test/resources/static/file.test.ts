import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { errorPage } from '#src/resource/error-page.ts'
import { Resource } from '#src/resource/resource.ts'
import { Data } from '#src/resources/data.ts'
import { Registry } from '#src/resources/script/registry.ts'
import { ASISProcessor } from '#src/resources/static/asis-processor.ts'
import { File } from '#src/resources/static/file.ts'
import { serve } from '../../resource/serve.ts'
import { asOrdinaryUser } from '../../support/ordinary-user.ts'
import { makeTree, serveTree, writeInto } from './tree.ts'

test('File serves GET and HEAD of a file and refuses other methods (E118)', async () => {
  const { port } = serveTree({ 'f.txt': 'hello' })
  const got = await port.request('GET /f.txt')
  assert.equal(got.status, 200)
  assert.equal(got.text, 'hello')
  assert.equal(got.headers['content-length'], '5')
  const head = await port.request('HEAD /f.txt')
  assert.equal(head.status, 200)
  assert.equal(head.headers['content-length'], '5')
  assert.equal(head.body.length, 0)
  const posted = await port.request('POST /f.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  assert.equal(posted.status, 405)
  assert.equal(posted.headers['allow'], 'HEAD, GET')
})

test('File gives 404 for what is not there, and for anything below a file (E118)', async () => {
  const { port } = serveTree({ 'f.txt': 'hello' })
  const long = 'x'.repeat(300)
  for (const target of ['/nothing', '/f.txt/', '/f.txt/x', '/f.txt/x/y', '/nothing/', `/${long}`, `/${long}/x/`]) {
    const response = await port.request(`GET ${target}`)
    assert.equal(response.status, 404, target)
    assert.match(response.text, /File not found\./)
  }
})

test('File answers 403 for what may not be read (E118)', async () => {
  const { port, folder } = serveTree({ 'f.txt': 'hello', 'd/f.txt': 'hello' })
  chmodSync(path.join(folder, 'f.txt'), 0)
  chmodSync(path.join(folder, 'd'), 0)
  await asOrdinaryUser([folder, path.join(folder, 'f.txt'), path.join(folder, 'd')], async () => {
    for (const target of ['/f.txt', '/d/', '/d/f.txt']) assert.equal((await port.request(`GET ${target}`)).status, 403, target)
  })
  chmodSync(path.join(folder, 'd'), 0o700)
})

test('File sends a single file, and nothing below it', async () => {
  const root = new Resource()
  root.putChild('f', new File(path.join(makeTree({ 'f.txt': 'hello' }), 'f.txt')))
  const { port } = serve(root)
  assert.equal((await port.request('GET /f')).text, 'hello')
  assert.equal((await port.request('GET /f/')).status, 404)
})

test('File redirects a directory to its slash, relative and with the query (E119)', async () => {
  const { port } = serveTree({ 'd/index.html': 'in d', 'a:b/index.html': '' })
  for (const [target, location] of [
    ['/d', './d/'],
    ['/d?x=1&y', './d/?x=1&y'],
    ['/a%3Ab', './a%3Ab/'],
    ['/a:b', './a:b/'],
    ['/./d', './d/'],
  ] as const) {
    const response = await port.request(`GET ${target}`)
    assert.equal(response.status, 302, target)
    assert.equal(response.headers['location'], location)
  }
})

test('File redirects nowhere but to where the request went (E119)', async () => {
  const { port } = serveTree({ 'd/x': '', 'evil.example/d/x': '' })
  for (const target of [
    '//evil.example/d',
    '//d',
    '/%2Fevil.example/d',
    '/\\evil.example/d',
    '/%5Cevil.example/d',
    '/evil.example/d',
  ]) {
    const { headers } = await port.request(`GET ${target}`)
    const { location = '/' } = headers as { location?: string }
    assert.equal(new URL(location, `http://localhost${target}`).host, 'localhost', target)
    assert.ok(!location.startsWith('/') || location === '/', location)
  }
})

test('File shows the first index that is there (E119)', async () => {
  const { port } = serveTree({
    'a/index': 'bare',
    'a/index.html': 'html',
    'b/index.html': 'html',
    'b/index.htm': 'htm',
    'c/index.htm': 'htm',
    'c/index.rpy.ts': 'source',
    'd/index.rpy.ts': 'source',
  })
  assert.equal((await port.request('GET /a/')).text, 'bare')
  assert.equal((await port.request('GET /b/')).text, 'html')
  assert.equal((await port.request('GET /c/')).text, 'htm')
  // Without a processor a script is no page.
  assert.match((await port.request('GET /d/')).text, /Directory listing for \/d\//)
})

test('File takes other indexNames, also later and for subdirectories (E129)', async () => {
  const folder = makeTree({ 'home.html': 'home', 'd/home.html': 'home of d', 'd/index.html': 'index' })
  const file = new File(folder, { indexNames: ['none.html'] })
  file.indexNames = ['home.html']
  const { port } = serve(file)
  assert.equal((await port.request('GET /')).text, 'home')
  assert.equal((await port.request('GET /d/')).text, 'home of d')
})

test('File takes names in UTF-8, and 404 for bytes that are none (E120)', async () => {
  const { port, folder } = serveTree({ 'grüße €.txt': 'hello' })
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.of(0xff)]), 'x')
  assert.equal((await port.request(`GET /${encodeURIComponent('grüße €.txt')}`)).text, 'hello')
  for (const target of ['/bad%FF', '/%C3', '/%ED%A0%80', '/gr%FC%DFe', '/%C0%AE%C0%AE/']) {
    assert.equal((await port.request(`GET ${target}`)).status, 404, target)
  }
})

test('File answers . with the directory itself and .. with 404 (E120)', async () => {
  const { port } = serveTree({ 'd/f.txt': 'hello' })
  assert.equal((await port.request('GET /./d/./f.txt')).text, 'hello')
  assert.equal((await port.request('GET /d/../d/f.txt')).status, 404)
})

test('File serves no dotfiles, but .well-known (E120)', async () => {
  const files = { '.env': 'secret', '.git/config': 'secret', '.well-known/x': 'known', 'a/.b/c': 'secret', '..x': 'secret' }
  const { port } = serveTree(files)
  for (const target of ['/.env', '/%2eenv', '/.git', '/.git/', '/.git/config', '/a/.b/c', '/..x']) {
    assert.equal((await port.request(`GET ${target}`)).status, 404, target)
  }
  assert.equal((await port.request('GET /.well-known/x')).text, 'known')
  const denied = serveTree(files, { dotfiles: 'deny' })
  assert.equal((await denied.port.request('GET /.env')).status, 403)
  const allowed = serveTree(files, { dotfiles: 'allow' })
  assert.equal((await allowed.port.request('GET /a/.b/c')).text, 'secret')
  assert.equal((await allowed.port.request('GET /..x')).text, 'secret')
})

test('File finds names without the endings that it ignores, in their order (E121)', async () => {
  const files = { 'a.html': 'html', 'a.txt': 'txt', 'b.txt': 'txt', 'b.txt.old': 'old', 'c/a.html': 'html of c', 'd.x/': '' }
  const { port } = serveTree(files, { ignoredExts: ['.txt', '.html'] })
  assert.equal((await port.request('GET /a')).text, 'txt')
  assert.equal((await port.request('GET /a.html')).text, 'html')
  assert.equal((await port.request('GET /c/a')).text, 'html of c')
  assert.equal((await port.request('GET /b.old')).status, 404)
  assert.equal((await port.request('GET /none')).status, 404)
  const any = serveTree(files, { ignoredExts: ['*'] })
  assert.equal((await any.port.request('GET /a')).text, 'html')
  assert.equal((await any.port.request('GET /b')).text, 'txt')
  assert.equal((await any.port.request('GET /a.')).status, 404)
})

test('File.ignoreExt adds an ending (E121)', async () => {
  const file = new File(makeTree({ 'd/a.html': 'html' }))
  file.ignoreExt('.html')
  assert.deepEqual(file.ignoredExts, ['.html'])
  assert.equal((await serve(file).port.request('GET /d/a')).text, 'html')
})

test('File gives processors the path and the registry, in subdirectories and through ignored endings too (E129)', async () => {
  const registry = new Registry()
  const seen: unknown[] = []
  const folder = makeTree({ 'a.up': 'x', 'd/b.up': 'x', 'd/c.down': 'x', 'dir.up/': '', 'index.up': 'i' })
  const file = new File(folder, { registry, ignoredExts: ['.up'], indexNames: ['index.up'] })
  file.processors = {
    '.up': (name, given) => {
      seen.push(given)
      return new Data(`processed ${path.relative(folder, name)}`, 'text/plain')
    },
  }
  const { port } = serve(file)
  assert.equal((await port.request('GET /a.up')).text, 'processed a.up')
  assert.equal((await port.request('GET /d/b')).text, `processed ${path.join('d', 'b.up')}`)
  assert.equal((await port.request('GET /')).text, 'processed index.up')
  assert.equal((await port.request('GET /d/c.down')).text, 'x')
  assert.equal((await port.request('GET /dir.up')).text, 'processed dir.up')
  assert.equal((await port.request('GET /none.up')).status, 404)
  assert.equal((await port.request('GET /A.UP')).status, 404)
  assert.ok(seen.every((given) => given === registry))
})

test('File awaits a processor, gives the rest of the path to its resource, and answers 500 when it fails (E129)', async () => {
  class Rest extends Resource {
    override isLeaf = true
    render_GET(request: { postpath: string[] }): string {
      return request.postpath.join('|')
    }
  }
  const { port, logger } = serveTree(
    { 'a.rpy.ts': '', 'b.ts': 'b', 'bad.rpy.ts': '' },
    {
      processors: {
        '.rpy.ts': async (name) => {
          await Promise.resolve()
          if (name.includes('bad')) throw new Error('bad script')
          return new Rest()
        },
        '.ts': () => new Data('the short ending', 'text/plain'),
      },
    },
  )
  assert.equal((await port.request('GET /a.rpy.ts/x/y')).text, 'x|y')
  assert.equal((await port.request('GET /b.ts')).text, 'the short ending')
  assert.equal((await port.request('GET /bad.rpy.ts')).status, 500)
  assert.equal(logger.of('error').length, 1)
})

test('File gives a processor nothing that lies outside', async () => {
  const outside = makeTree({ 'x.up': 'x' })
  const { port, folder } = serveTree({}, { processors: { '.up': () => new Data('processed', 'text/plain') } })
  symlinkSync(path.join(outside, 'x.up'), path.join(folder, 'x.up'))
  assert.equal((await port.request('GET /x.up')).status, 404)
})

test('File shows its childNotFound and forbidden, also in subdirectories (E129)', async () => {
  const folder = makeTree({ 'd/.x': '' })
  const file = new File(folder, { dotfiles: 'deny', listing: false })
  file.childNotFound = errorPage(404, 'Gone', 'my page')
  file.forbidden = errorPage(403, 'No', 'my refusal')
  const { port } = serve(file)
  for (const target of ['/x', '/d/x', '/d/', '/d/%2e%2e/x']) {
    const response = await port.request(`GET ${target}`)
    assert.equal(response.status, 404)
    assert.match(response.text, /my page/)
  }
  assert.match((await port.request('GET /d/.x')).text, /my refusal/)
})

test('File answers with a File as childNotFound, under its status when it sets one', async () => {
  class NotFound extends File {
    override render_GET(request: Parameters<File['render_GET']>[0]): ReturnType<File['render_GET']> {
      request.setResponseCode(404)
      return super.render_GET(request)
    }
  }
  const folder = makeTree({ '404.html': '<p>my page' })
  const { port } = serve(new File(folder, { childNotFound: new NotFound(path.join(folder, '404.html')) }))
  const response = await port.request('GET /none HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\n\r\n')
  assert.equal(response.status, 404)
  assert.equal(response.text, '<p>my page')
})

test('File.putChild comes before names on the disk', async () => {
  const file = new File(makeTree({ 'a.txt': 'disk', 'b.txt': 'disk', 'index.html': 'disk' }))
  file.putChild('a.txt', new Data('put', 'text/plain'))
  file.putChild('', new Data('put index', 'text/plain'))
  const { port } = serve(file)
  assert.equal((await port.request('GET /a.txt')).text, 'put')
  assert.equal((await port.request('GET /b.txt')).text, 'disk')
  assert.equal((await port.request('GET /')).text, 'put index')
})

test('File.getChild gives a File of the child path (E120)', async () => {
  const folder = makeTree({ 'd/f.txt': '' })
  const child = await new File(folder).getChild('d', {} as never)
  assert.ok(child instanceof File)
  assert.equal(child.path, path.join(folder, 'd'))
})

test('File subclasses make children of their own kind, and cannot widen the root', async () => {
  class Upper extends File {
    constructor(file: string) {
      super(file, { symlinks: 'inside' })
    }
  }
  const outside = makeTree({ 'secret.txt': 'secret' })
  const folder = makeTree({ 'd/f.txt': 'hello' })
  symlinkSync(outside, path.join(folder, 'link'))
  const { port } = serve(new Upper(folder))
  assert.equal((await port.request('GET /d/f.txt')).text, 'hello')
  assert.equal((await port.request('GET /link/secret.txt')).status, 404)
  assert.ok((await new Upper(folder).getChild('d', {} as never)) instanceof Upper)
})

test('File: settings of one directory do not change those of others', async () => {
  class Mixed extends File {
    override createSimilarFile(file: string): File {
      const child = super.createSimilarFile(file)
      if (file.endsWith('special')) child.indexNames = ['special.html']
      return child
    }
  }
  const folder = makeTree({ 'special/special.html': 's', 'special/index.html': 'i', 'other/index.html': 'i' })
  const { port } = serve(new Mixed(folder))
  assert.equal((await port.request('GET /special/')).text, 's')
  assert.equal((await port.request('GET /other/')).text, 'i')
})

test('File put under the empty name serves its directory there', async () => {
  const root = new Resource()
  root.putChild('', new File(makeTree({ 'index.html': 'index' })))
  assert.equal((await serve(root).port.request('GET /')).text, 'index')
})

test('File sends the fields that were set on the way to it', async () => {
  class Guard extends Resource {
    override getChild(_name: string, request: Parameters<Resource['getChild']>[1]): File {
      request.setHeader('X-From', 'guard')
      request.setHeader('Vary', 'Cookie')
      request.setHeader('Content-Type', 'text/wrong')
      return new File(makeTree({ 'f.txt': 'hello', 'f.txt.gz': 'x' }))
    }
  }
  const { headers } = await serve(new Guard()).port.request('GET /x/f.txt')
  assert.equal(headers['x-from'], 'guard')
  assert.match(String(headers['vary']), /Accept-Encoding.*Cookie/)
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
})

test('File sees what changes on the disk at once', async () => {
  const { port, folder } = serveTree({ 'f.txt': 'old' })
  assert.equal((await port.request('GET /f.txt')).text, 'old')
  writeInto(folder, 'f.txt', 'newer')
  assert.equal((await port.request('GET /f.txt')).text, 'newer')
  mkdirSync(path.join(folder, 'later'))
  assert.equal((await port.request('GET /later')).status, 302)
})

test('File refuses options that make no sense', () => {
  for (const options of [{ dotfiles: 'maybe' }, { symlinks: 'yes' }, { maxAge: -1 }, { maxAge: 1.5 }, { immutable: true }]) {
    assert.throws(() => new File('.', options as never), { code: 'PLAIT_CONFIGURATION' })
  }
})

test('ASISProcessor answers with what the file says (E130)', async () => {
  const { port } = serveTree(
    {
      'a.asis': 'HTTP/1.0 418 Teapot\r\nX-A: b\r\nContent-Type: text/x\r\nContent-Length: 999\r\nConnection: close\r\n\r\nshort',
      'b.asis': 'Status: 301 Moved\nLocation: /x\n\nbody\n\nmore',
      'c.asis': 'HTTP/1.1 204 None\r\nX: y\r\n\r\nignored',
    },
    { processors: { '.asis': (name) => new ASISProcessor(name) } },
  )
  const connection = port.connect()
  const first = await connection.request('GET /a.asis')
  assert.deepEqual([first.status, first.reason, first.text], [418, 'Teapot', 'short'])
  assert.equal(first.headers['content-length'], '5')
  assert.equal(first.headers['x-a'], 'b')
  const second = await connection.request('GET /b.asis')
  assert.deepEqual([second.status, second.headers['location'], second.text], [301, '/x', 'body\n\nmore'])
  assert.equal((await connection.request('GET /c.asis')).status, 204)
  assert.equal((await connection.request('HEAD /a.asis')).headers['content-length'], '5')
})

test('ASISProcessor never breaks the framing: a file that is no response is a failure', async () => {
  const { port, logger } = serveTree(
    {
      'a.asis': 'no head',
      'b.asis': 'HTTP/1.1 100 Continue\r\n\r\n',
      'c.asis': 'HTTP/1.1 200 OK\r\nbad field\r\n\r\n',
      'd.asis': '',
    },
    { processors: { '.asis': (name) => new ASISProcessor(name) } },
  )
  for (const name of ['a', 'b', 'c', 'd']) assert.equal((await port.request(`GET /${name}.asis`)).status, 500, name)
  assert.equal(logger.of('error').length, 4)
})
