import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Resource } from '#src/resource/resource.ts'
import { CGIDirectory } from '#src/resources/cgi/cgi-directory.ts'
import { CGIScript } from '#src/resources/cgi/cgi-script.ts'
import { FilteredScript } from '#src/resources/cgi/filtered-script.ts'
import { File } from '#src/resources/static/file.ts'
import type { MemoryPort } from '#src/testing.ts'
import { serve } from '../../resource/serve.ts'
import { makeScripts, sh } from './scripts.ts'

const where = sh('echo "Content-Type: text/plain"; echo; echo "$SCRIPT_NAME|$PATH_INFO|$(pwd)"')

function serveDirectory(
  files: Readonly<Record<string, string>>,
  symlinks?: 'follow' | 'deny',
): { folder: string; port: MemoryPort } {
  const folder = makeScripts(files)
  const root = new Resource()
  root.putChild('cgi-bin', new CGIDirectory(folder, symlinks === undefined ? {} : { symlinks }))
  return { folder, ...serve(root) }
}

test('CGIDirectory runs what is in it and below, in the directory of the script (H146)', async () => {
  const { folder, port } = serveDirectory({ 'one.sh': where, 'sub/two.sh': where })
  assert.equal((await port.request('GET /cgi-bin/one.sh/a/b')).text, `/cgi-bin/one.sh|/a/b|${folder}\n`)
  assert.equal((await port.request('GET /cgi-bin/sub/two.sh')).text, `/cgi-bin/sub/two.sh||${folder}/sub\n`)
})

test('CGIDirectory shows no listing (H146)', async () => {
  const { port } = serveDirectory({ 'sub/two.sh': where })
  for (const at of ['/cgi-bin', '/cgi-bin/', '/cgi-bin/sub', '/cgi-bin/sub/']) {
    const response = await port.request(`GET ${at}`)
    assert.equal(response.status, 404, at)
    assert.match(response.text, /do not support directory listing/)
  }
})

test('CGIDirectory answers 404 for what is not there, hidden, or no file, and 403 for what may not be run', async () => {
  const { folder, port } = serveDirectory({ '.hidden': where, 'plain.txt': 'secret source' })
  chmodSync(`${folder}/plain.txt`, 0o644)
  for (const name of ['none', '.hidden', '..', '%2e%2e', 'a%2Fb', '%ff', '..%2fx', 'none/x']) {
    assert.equal((await port.request(`GET /cgi-bin/${name}`)).status, 404, name)
  }
  const response = await port.request('GET /cgi-bin/plain.txt')
  assert.equal(response.status, 403)
  assert.doesNotMatch(response.text, /secret/)
})

test('CGIDirectory runs nothing that a symbolic link finds outside, unless it is told to', async () => {
  const outside = makeScripts({ 'other.sh': where })
  const link = (folder: string): void => {
    symlinkSync(`${outside}/other.sh`, `${folder}/out.sh`)
    symlinkSync(`${folder}/one.sh`, `${folder}/in.sh`)
    symlinkSync(outside, `${folder}/out`)
  }
  const statuses = async (symlinks?: 'follow' | 'deny'): Promise<number[]> => {
    const { folder, port } = serveDirectory({ 'one.sh': where }, symlinks)
    link(folder)
    const found: number[] = []
    for (const name of ['one.sh', 'in.sh', 'out.sh', 'out/other.sh'])
      found.push((await port.request(`GET /cgi-bin/${name}`)).status)
    return found
  }
  assert.deepEqual(await statuses(), [200, 200, 404, 404])
  assert.deepEqual(await statuses('follow'), [200, 200, 200, 200])
  assert.deepEqual(await statuses('deny'), [200, 404, 404, 404])
})

test('CGIScript answers 404 for a file that is not there or a directory, 403 for one that may not be run', async () => {
  const folder = makeScripts({ plain: 'x' })
  chmodSync(`${folder}/plain`, 0o644)
  mkdirSync(`${folder}/directory`)
  const root = new Resource()
  for (const name of ['none', 'plain', 'directory']) root.putChild(name, new CGIScript(path.join(folder, name)))
  const { port } = serve(root)
  assert.equal((await port.request('GET /none')).status, 404)
  assert.equal((await port.request('GET /directory')).status, 404)
  assert.equal((await port.request('GET /plain')).status, 403)
})

const perl = 'print "Content-Type: text/plain\\n\\n$ENV{SCRIPT_FILENAME} $ENV{REDIRECT_STATUS} @ARGV\\n";'

test('FilteredScript runs an interpreter with the file, by the ending of its name (H148)', async () => {
  const folder = makeScripts({ 'page.pl': perl })
  chmodSync(`${folder}/page.pl`, 0o644)
  const { port } = serve(new File(folder, { processors: { '.pl': (file) => new FilteredScript(file, { filter: 'perl' }) } }))
  const response = await port.request('GET /page.pl/info?word')
  assert.equal(response.text, `${folder}/page.pl 200 \n`)
})

test('FilteredScript takes arguments of the interpreter, or its filter from a subclass (H148)', async () => {
  const folder = makeScripts({ script: 'echo "Content-Type: text/plain"; echo; echo "$0 $- $1"' })
  class Shell extends FilteredScript {
    override filter = '/bin/sh'
  }
  const root = new Resource()
  root.putChild('list', new FilteredScript(`${folder}/script`, { filter: ['/bin/sh', '-f'] }))
  root.putChild('class', new Shell(`${folder}/script`))
  const { port } = serve(root)
  assert.match((await port.request('GET /list?-x')).text, new RegExp(`^${folder}/script \\w*f\\w* \n$`))
  assert.match((await port.request('GET /class')).text, new RegExp(`^${folder}/script `))
})

test('FilteredScript without a filter, or with one that is not there, is a 500', async () => {
  const folder = makeScripts({ script: 'x' })
  const root = new Resource()
  root.putChild('none', new FilteredScript(`${folder}/script`))
  root.putChild('gone', new FilteredScript(`${folder}/script`, { filter: '/nowhere/interpreter' }))
  const { port, logger } = serve(root)
  assert.equal((await port.request('GET /none')).status, 500)
  assert.match(String(logger.of('error')[0]?.fields['error']), /has no filter/)
  assert.equal((await port.request('GET /gone')).status, 500)
})

test('File runs scripts as processors and shows no source of what may not be run', async () => {
  const folder = makeScripts({ 'a.cgi': where })
  writeFileSync(`${folder}/b.cgi`, 'secret')
  const { port } = serve(new File(folder, { processors: { '.cgi': (file) => new CGIScript(file) } }))
  assert.match((await port.request('GET /a.cgi/x')).text, /^\/a\.cgi\|\/x\|/)
  const response = await port.request('GET /b.cgi')
  assert.equal(response.status, 403)
  assert.doesNotMatch(response.text, /secret/)
})
