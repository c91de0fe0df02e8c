/** The folder that both servers of the comparison serve. */
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../support/paths.ts'

/** In seconds: what has no time of its own has the same in both servers. */
const longAgo = 1_700_000_000

const letters = 'abcdefghijklmnopqrstuvwxyz'

const files: Readonly<Record<string, string>> = {
  'www/index.html': '<h1>Index</h1>\n',
  'www/letters.txt': letters,
  'www/empty.txt': '',
  'www/page.html': '<h1>Page</h1>\n',
  'www/unknown.zzz': 'unknown',
  'www/noending': 'no ending',
  'www/style.css': 'body {}\n',
  'www/data.json': '{}\n',
  'www/picture.png': 'no picture',
  'www/packed.txt.gz': 'not really packed',
  'www/.hidden': 'hidden',
  'www/with space & more.txt': 'space',
  'www/caf\u00e9.txt': 'cafe',
  'www/100%.txt': 'percent',
  'www/<b>.txt': 'angle',
  'www/sub/index.htm': '<h1>Sub</h1>\n',
  'www/list/b.txt': 'bb',
  'www/list/a.html': 'a',
  'www/list/B.txt': 'B',
  'www/list/dir/x': '',
  'www/list/<i>&.txt': '',
  'www/list/with space.txt': '',
  'www/list/.dot': '',
  'scripts/hello.rpy': `from twisted.web import static
resource = static.Data(b"hello from a script", "text/plain")
`,
  'scripts/hello.rpy.ts': `import { Data } from 'plait'
export const resource: Data = new Data('hello from a script', 'text/plain')
`,
  'scripts/tree.rpy': `from twisted.web import resource as r, static
resource = r.Resource()
resource.putChild(b"", static.Data(b"index", "text/plain"))
resource.putChild(b"child", static.Data(b"child", "text/plain"))
`,
  'scripts/tree.rpy.ts': `import { Data, Resource } from 'plait'
export const resource = new Resource()
resource.putChild('', new Data('index', 'text/plain'))
resource.putChild('child', new Data('child', 'text/plain'))
`,
  'scripts/leaf.rpy': `from twisted.web import resource as r
class Leaf(r.Resource):
    isLeaf = True
    def render_GET(self, request):
        return b"|".join(request.postpath)
resource = Leaf()
`,
  'scripts/leaf.rpy.ts': `import { Resource, type Request } from 'plait'
class Leaf extends Resource {
  override isLeaf = true
  render_GET(request: Request): Uint8Array { return Buffer.from(request.postpath.join('|')) }
}
export const resource = new Leaf()
`,
  'scripts/none.rpy': 'pass\n',
  'scripts/none.rpy.ts': 'export {}\n',
  'scripts/fails.rpy': 'raise RuntimeError("fails")\n',
  'scripts/fails.rpy.ts': 'throw new Error("fails")\n',
  'scripts/as-is.asis':
    'HTTP/1.1 299 As It Is\r\nX-Stored: yes\r\nContent-Type: text/x-stored\r\nContent-Length: 6\r\n\r\nstored',
}

/** Programs for CGI, by name. */
const programs: Readonly<Record<string, string>> = {
  environ: `echo 'Content-Type: text/plain'
echo
for name in GATEWAY_INTERFACE REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING CONTENT_TYPE CONTENT_LENGTH SERVER_NAME SERVER_PROTOCOL HTTP_X_ONE REMOTE_ADDR; do
  eval "echo $name=\\$$name"
done
echo "arguments: $# $1 $2"
cat`,
  status: `printf 'Status: 404 Nothing\\r\\nContent-Type: text/plain\\r\\n\\r\\nnothing'`,
  location: `printf 'Location: /elsewhere\\n\\n'`,
  both: `printf 'Status: 301\\nLocation: /elsewhere\\nContent-Type: text/plain\\n\\nmoved'`,
  repeated: `printf 'Content-Type: text/plain\\nSet-Cookie: a=1\\nServer: mine\\nSet-Cookie: b=2\\n\\ntwo'`,
  untyped: `printf 'X-Some: field\\n\\nuntyped'`,
  headless: `printf 'no fields at all'`,
  silent: 'exit 1',
}

/** Writes the tree into an empty folder. */
export function writeTree(folder: string): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    utimesSync(file, longAgo, longAgo)
  }
  mkdirSync(path.join(folder, 'cgi'))
  for (const [name, program] of Object.entries(programs)) {
    writeFileSync(path.join(folder, 'cgi', name), `#!/bin/sh\n${program}\n`, { mode: 0o755 })
  }
  symlinkSync('letters.txt', path.join(folder, 'www/link.txt'))
  symlinkSync('nowhere', path.join(folder, 'www/dangling.txt'))
  writeFileSync(path.join(folder, 'outside.txt'), 'outside')
  utimesSync(path.join(folder, 'outside.txt'), longAgo, longAgo)
  symlinkSync('../outside.txt', path.join(folder, 'www/out.txt'))
  copyFileSync(`${root}/test/fixtures/twisted/wsgi_pages.py`, path.join(folder, 'wsgi_pages.py'))
  chmodSync(folder, 0o755)
}
