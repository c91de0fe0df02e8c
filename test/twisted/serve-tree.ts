/** The tree of the comparison, in Plait: node serve-tree.js, with the folder in TREE and a port in UPSTREAM. test/fixtures/twisted/serve_tree.py is the same in Twisted. */
import {
  ASISProcessor,
  BasicCredentialFactory,
  CGIDirectory,
  Data,
  DeferredResource,
  DigestCredentialFactory,
  EncodingResourceWrapper,
  File,
  GzipEncoderFactory,
  HTTPAuthSessionWrapper,
  InMemoryChecker,
  NameVirtualHost,
  ParentRedirect,
  Portal,
  Redirect,
  Resource,
  ResourceScriptWrapper,
  ReverseProxyResource,
  RewriterResource,
  Site,
  ThreadPool,
  VHostMonsterResource,
  WSGIResource,
  errorPage,
  forbidden,
  notFound,
  reactor,
  scriptProcessors,
} from 'plait'
import type { CredentialFactory, Rendered, Request, TreeNode } from 'plait'
import path from 'node:path'

const folder = process.env['TREE'] as string

/** A leaf that says where it is. */
class Echo extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.setHeader('Content-Type', 'text/plain')
    const lines = [`${request.method} ${request.uri}`, request.prepath.join('|'), request.postpath.join('|'), '']
    return Buffer.from(lines.join('\n'), 'latin1')
  }

  render_POST(request: Request): Rendered {
    return this.render_GET(request)
  }
}

class GetOnly extends Resource {
  render_GET(): Rendered {
    return Buffer.from('<p>got</p>')
  }
}

class PostOnly extends Resource {
  render_POST(): Rendered {
    return Buffer.from('<p>posted</p>')
  }
}

class Nothing extends Resource {}

class Unusual extends Resource {
  override isLeaf = true
  override allowedMethods = ['GET', 'PROPFIND']

  render_PROPFIND(): Rendered {
    return Buffer.from('<p>found</p>')
  }
}

class Boom extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.setHeader('X-Before', 'kept')
    request.setHeader('Content-Type', 'image/png')
    throw new Error('boom')
  }
}

class BoomLater extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.write(Buffer.from('begun'))
    throw new Error('boom')
  }
}

class Later extends Resource {
  override isLeaf = true

  render_GET(request: Request): void {
    reactor.callLater(0.01, () => {
      request.write(Buffer.from('one'))
      request.write(Buffer.from('two'))
      request.finish()
    })
  }
}

/** Answers with the status that the path names, and a body. */
class Code extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.setResponseCode(Number(request.postpath[0]))
    return Buffer.from('body')
  }
}

class Fields extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.setHeader('x-one-name', 'first')
    request.setHeader('X-One-Name', 'second')
    request.setHeader('Cache-Control', 'no-store')
    request.addHeader('X-Many', '1')
    request.addHeader('x-many', '2')
    request.setHeader('Content-Type', 'text/plain')
    request.addCookie('a', '1', { path: '/', httpOnly: true, sameSite: 'lax' })
    request.addCookie('b', '2', { domain: 'example.test', maxAge: 60, secure: true })
    return 'fields'
  }
}

class Went extends Resource {
  override isLeaf = true

  render_GET(request: Request): Rendered {
    request.redirect('/elsewhere?a=b')
    return ''
  }
}

/** Shows what a request tells when it is asked. */
class Asks extends Resource {
  override isLeaf = true
  readonly #ask: (request: Request) => readonly string[]

  constructor(ask: (request: Request) => readonly string[]) {
    super()
    this.#ask = ask
  }

  render_GET(request: Request): Rendered {
    request.setHeader('Content-Type', 'text/plain')
    return `${this.#ask(request).join('\n')}\n`
  }
}

/** Names and values, sorted by name. */
function sorted(entries: Iterable<readonly [string, string]>): string[] {
  return [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => `${name}=${value}`)
}

const asks: Record<string, (request: Request) => readonly string[]> = {
  args: ({ args }) => sorted([...args].map(([name, values]) => [name, values.join('|')] as const)),
  cookies: (request) => sorted(request.receivedCookies),
  user: (request) => [request.getUser(), request.getPassword()],
  links: (request) => [request.childLink('a child'), request.sibLink('a sibling')],
  urls: (request) => [request.prePathURL(), request.getRequestHostname()],
}

class Cached extends Resource {
  override isLeaf = true

  override render(request: Request): Rendered {
    request.setHeader('Content-Type', 'text/plain')
    if (request.setETag('"tag"')) return ''
    if (request.setLastModified(new Date(1_700_000_000_000))) return ''
    return 'fresh'
  }
}

/** The fields of the query and of the form; of files the name of the field alone, as in Twisted's `args`. */
class FormEcho extends Resource {
  override isLeaf = true

  async render_POST(request: Request): Promise<string> {
    const { fields, files } = await request.form()
    request.setHeader('Content-Type', 'text/plain')
    const contents: [string, string][] = []
    for (const [name, [first]] of files) contents.push([name, (await first?.text()) ?? ''])
    const all = new Map([...request.args, ...fields].map(([name, values]) => [name, values.join('|')]))
    return sorted([...all, ...contents]).join('\n')
  }
}

class Visits extends Resource {
  override isLeaf = true

  async render_GET(request: Request): Promise<string> {
    const { data } = await request.getSession<{ visits?: number }>()
    data.visits = (data.visits ?? 0) + 1
    request.setHeader('Content-Type', 'text/plain')
    return String(data.visits)
  }
}

/** A page for each year, as in the how-to. */
class Years extends Resource {
  override getChild(name: string): TreeNode {
    return /^-?\d+$/.test(name) ? new Year(Number(name)) : notFound()
  }
}

class Year extends Resource {
  readonly #year: number

  constructor(year: number) {
    super()
    this.#year = year
  }

  render_GET(): Rendered {
    return Buffer.from(`<pre>${this.#year}</pre>`)
  }
}

/** Static children win, the application gets the rest: the usual idiom. */
class Fallback extends Resource {
  readonly #application: TreeNode

  constructor(application: TreeNode) {
    super()
    this.#application = application
  }

  override getChild(name: string, request: Request): TreeNode {
    request.prepath.pop()
    request.postpath.unshift(name)
    return this.#application
  }
}

function hosts(): TreeNode {
  const named = new NameVirtualHost()
  named.addHost('one.test', new Echo())
  const branch = new Resource()
  branch.putChild('x', new Data('x of two', 'text/plain'))
  named.addHost('two.test', branch)
  return named
}

/** A rule: what lies below `old` is below `new`. */
function shift(request: Request): void {
  if (request.postpath[0] === 'old') request.postpath[0] = 'new'
}

function rewritten(): TreeNode {
  const tree = new Resource()
  tree.putChild('new', new Echo())
  return new RewriterResource(tree, shift)
}

function guarded(factory: CredentialFactory): TreeNode {
  const realm = { requestAvatar: () => ({ resource: new Echo() }) }
  return new HTTPAuthSessionWrapper(new Portal(realm, [new InMemoryChecker({ alice: 'se:cret' })]), [factory])
}

function tree(pool: ThreadPool): Resource {
  const root = new Resource()
  const deep = new Resource()
  deep.putChild('', new Echo())
  deep.putChild('a b', new Echo())
  deep.putChild('a/b', new Echo())
  const children: Record<string, TreeNode> = {
    '': new Data('root', 'text/plain'),
    data: new Data('some data', 'text/x-data'),
    empty: new Data('', 'text/plain'),
    echo: new Echo(),
    deep,
    getonly: new GetOnly(),
    postonly: new PostOnly(),
    nothing: new Nothing(),
    unusual: new Unusual(),
    boom: new Boom(),
    boomlater: new BoomLater(),
    later: new Later(),
    code: new Code(),
    fields: new Fields(),
    went: new Went(),
    years: new Years(),
    ...Object.fromEntries(Object.entries(asks).map(([name, ask]) => [name, new Asks(ask)])),
    cached: new Cached(),
    visits: new Visits(),
    form: new FormEcho(),
    payment: errorPage(402, 'Payment <Required>', 'Pay & come again.'),
    forbidden: forbidden(),
    notfound: notFound(),
    static: new File(path.join(folder, 'www')),
    short: new File(path.join(folder, 'www'), { ignoredExts: ['.html', '*'], indexNames: ['none'] }),
    scripts: new File(path.join(folder, 'scripts'), {
      ignoredExts: ['.rpy.ts'],
      processors: { ...scriptProcessors, '.asis': (file) => new ASISProcessor(file) },
    }),
    redirect: new Redirect('/elsewhere?a=b&c'),
    'redirect-away': new Redirect('http://other.test/'),
    parent: new ParentRedirect(),
    deferred: new DeferredResource(Promise.resolve(deep)),
    site: new Site(deep),
    hosts: hosts(),
    vhm: new VHostMonsterResource({ trustProxy: 'loopback' }),
    rewritten: rewritten(),
    gzip: new EncodingResourceWrapper(new Data('text '.repeat(500), 'text/plain'), [new GzipEncoderFactory()]),
    'gzip-short': new EncodingResourceWrapper(new Data('short', 'text/plain'), [new GzipEncoderFactory()]),
    'gzip-code': new EncodingResourceWrapper(new Code(), [new GzipEncoderFactory()]),
    'gzip-later': new EncodingResourceWrapper(new Later(), [new GzipEncoderFactory()]),
    proxy: new ReverseProxyResource(`http://127.0.0.1:${process.env['UPSTREAM']}/up`),
    'wrapped-tree': new ResourceScriptWrapper(path.join(folder, 'scripts/tree.rpy.ts')),
    'wrapped-leaf': new ResourceScriptWrapper(path.join(folder, 'scripts/leaf.rpy.ts')),
    basic: guarded(new BasicCredentialFactory('area')),
    digest: guarded(new DigestCredentialFactory({ realm: 'area', algorithms: ['MD5'] })),
    cgi: new CGIDirectory(path.join(folder, 'cgi')),
    wsgi: new WSGIResource(reactor, pool, application),
    fallback: new Fallback(new WSGIResource(reactor, pool, application)),
  }
  for (const [name, child] of Object.entries(children)) root.putChild(name, child)
  return root
}

const application = { application: 'wsgi_pages.application', cwd: folder }
const port = reactor.listenTCP(0, new Site(tree(new ThreadPool({ maxThreads: 4 }))), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${(port.getHost() as { port: number }).port}/\n`)
await reactor.run()
