/** The Flask and the Django application with all that Plait has at the same time: a tour of pages, reloads and crashes under load, and no line in the log that should not be there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { folderWith } from '../cli/run-plait.ts'
import { Browser, type Reply, type Visit } from '../support/browser.ts'
import { makeCertificate } from '../support/certificates.ts'
import { postFiles, postForm, postJson } from '../support/form.ts'
import { frameworksMissing, pythonWithFrameworks } from '../support/frameworks.ts'
import { HTTP2Client } from '../support/http2-client.ts'
import { root } from '../support/paths.ts'
import { startWeb, type RunningServer } from '../support/server.ts'
import { pause, until } from '../support/until.ts'

const run = promisify(execFile)

/** What is served, and where something of it changes. */
interface Served {
  readonly folder: string
  readonly application: string
  /** The file that gets {@link Served.more}, and is touched for a reload. */
  readonly file: string
  /** `POST /die` ends its process. */
  readonly more: string
  readonly preload: boolean
  /** A page that is sent in pieces, large enough to be compressed. */
  readonly page: string
  /** A page that is sent whole: a crash finds no response that has begun. */
  readonly small: string
}

const flask: Served = {
  folder: 'flask_shop',
  application: 'shop.application',
  file: 'shop.py',
  more: '\n\n@application.post("/die")\ndef die():\n    os._exit(3)\n',
  preload: true,
  page: '/stream?lines=50&name=x',
  small: '/hello/load',
}

const django: Served = {
  folder: 'django_site',
  application: 'site_of_tests.wsgi.application',
  file: 'site_of_tests/urls.py',
  more: '\nimport os\nfrom django.views.decorators.csrf import csrf_exempt\nurlpatterns.append(path("die", csrf_exempt(lambda request: os._exit(3))))\n',
  preload: false,
  page: '/report/',
  small: '/',
}

/** A server with everything on, and who visits it. */
interface Everything {
  readonly server: RunningServer
  readonly browser: Browser
  /** Where TLS is. */
  readonly secure: string
  readonly base: string
  /** Entries of the access log. */
  entries(): Record<string, unknown>[]
}

const config = ({ application, folder, preload }: Served, base: string): string => `
import { BasicCredentialFactory, EncodingResourceWrapper, File, HTTPAuthSessionWrapper, HtpasswdChecker, MountTree, Portal, WSGIResource, reactor } from 'plait'
const application = new WSGIResource(
  reactor,
  reactor.getThreadPool(),
  { application: '${application}', cwd: '${base}/apps/${folder}', python: '${pythonWithFrameworks()}', preload: ${preload} },
  { limits: { '/large': { maxRunning: 2, timeout: 60 } } },
)
const portal = new Portal({ requestAvatar: () => ({ resource: new File('${base}/apps/files') }) }, [new HtpasswdChecker('${root}/examples/guarded/members.htpasswd')])
export default new MountTree({
  '/': new EncodingResourceWrapper(application),
  '/assets': new File('${base}/apps/files'),
  '/members': new HTTPAuthSessionWrapper(portal, [new BasicCredentialFactory('Members')]),
})
`

const options = (base: string): string[] =>
  [
    `--listen 127.0.0.1:0 --listen ssl:0:interface=127.0.0.1:certKey=${base}/tls.pem:privateKey=${base}/tls.key.pem`,
    '--processes 2 --threads 6 --min-threads 2 --max-streams 10 --max-queue 100',
    '--timeout 60 --start-timeout 120 --graceful-timeout 8 --drain-delay 0.2',
    '--max-requests 60 --max-requests-jitter 20 --max-age 60 --max-rss 1G --max-rss-hard 2G',
    `--reload --health /healthz --pidfile ${base}/pid --umask 027`,
    `--access-log ${base}/access.log --access-log-format json --request-id --trust-proxy loopback`,
    '--max-connections 200 --max-connections-per-address 150 --add-header X-Served-By:everything',
    `--temp-dir ${base}/spool --max-temp 500M --request-body buffer`,
  ].flatMap((words) => words.split(' '))

async function serveEverything(t: TestContext, served: Served): Promise<Everything> {
  const base = folderWith(t, { 'spool/.keep': '', 'data/.keep': '' })
  cpSync(`${root}/test/fixtures/apps`, `${base}/apps`, { recursive: true })
  appendFileSync(`${base}/apps/${served.folder}/${served.file}`, served.more)
  makeCertificate(base, 'tls', { names: ['shop.example', '127.0.0.1'] })
  const env = { APP_DATA: `${base}/data`, PYTHONDONTWRITEBYTECODE: '1' }
  if (served === django) await migrate(`${base}/apps/django_site`, env)
  appendFileSync(`${base}/plait.config.ts`, config(served, base))
  const server = await startWeb(options(base), { cwd: base, env })
  t.after(() => server.stop())
  const [secure = ''] = (await until('it listens twice', () => /https:\/\/127\.0\.0\.1:\d+/.exec(server.log()))) as string[]
  const entries = (): Record<string, unknown>[] =>
    readFileSync(`${base}/access.log`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { server, browser: new Browser(server.url), secure, base, entries }
}

async function migrate(cwd: string, env: Record<string, string>): Promise<void> {
  const all = { ...process.env, ...env, DJANGO_SUPERUSER_PASSWORD: 'tulip' }
  const user = ['--noinput', '--username', 'root', '--email', 'root@shop.example']
  await run(pythonWithFrameworks(), ['manage.py', 'migrate', '--verbosity', '0'], { cwd, env: all })
  await run(pythonWithFrameworks(), ['manage.py', 'createsuperuser', ...user], { cwd, env: all })
}

/** Lines that belong there. */
const expected: readonly RegExp[] = [
  /listening on https?:\/\//,
  /Service \S+plait\.config\.ts/,
  /Interpreter \S+ \(/,
  /2 processes × \d+ threads|Up to \d+/,
  /WARN: Node \d\S* has been out of support/,
  /Application \S+ in /,
  /\/ → application|\/assets|\/members/,
  /preloaded: its processes share the memory of one import/,
  /SIGTERM: stopping; running requests may finish|Stopped$/,
  /changed: reloading$/,
  /Reloaded \S+: \d new hosts? ha(?:s|ve) taken over/,
  /Host \S+, which was replaced, /,
  /has answered \d+ requests: \S+ takes its place/,
  /Host \S+ (?:ended with exit code 3|was killed by|.*exit code 3).*another one starts/,
  /Request lost before its response .*POST \/die/,
  /of a safe method runs? once more|of safe methods run once more/,
]

function unexpected(log: string): string[] {
  return log.split('\n').filter((line) => line.trim() !== '' && !expected.some((one) => one.test(line)))
}

/** Asks for one page on and on. @returns what ends it, and gives the answers that were not 200 */
function load({ server }: Everything, path: string): () => Promise<string[]> {
  let over = false
  const failed: string[] = []
  const client = async (): Promise<void> => {
    while (!over) {
      const reply = await new Browser(server.url).visit({ path }).catch((error: unknown) => String(error))
      if (typeof reply === 'string') failed.push(reply)
      else if (reply.status !== 200) failed.push(`${reply.status} ${reply.text}`)
    }
  }
  const clients = [client(), client(), client(), client()]
  return async () => {
    over = true
    await Promise.all(clients)
    return failed
  }
}

/** Two reloads and two crashes while clients ask on: none of them notices. */
async function shake(everything: Everything, served: Served): Promise<void> {
  const { server, base, browser } = everything
  const end = load(everything, served.small)
  const file = `${base}/apps/${served.folder}/${served.file}`
  for (let round = 1; round <= 2; round++) {
    await pause(1)
    utimesSync(file, new Date(), new Date(Date.now() + round * 5000))
    await until('it has reloaded', () => server.log().split('taken over after').length > round, 60)
    // No GET: that would run once more, and take those along that run again beside it.
    assert.equal((await browser.visit({ method: 'POST', path: '/die' })).status, 502)
  }
  await until('processes are replaced by their age in requests', () => /takes its place/.test(server.log()), 60)
  assert.deepEqual(await end(), [])
}

/** What is the server's own, whatever it serves. */
async function tourOfServer({ server, browser, secure, base, entries }: Everything, page: string): Promise<void> {
  const members = { Authorization: `Basic ${Buffer.from('alice:open sesame').toString('base64')}` }
  const document = readFileSync(`${base}/apps/files/document.txt`)
  assert.equal((await browser.visit({ path: '/healthz/ready' })).status, 200)
  assert.deepEqual((await browser.visit({ path: '/assets/document.txt' })).body, document)
  assert.equal((await browser.visit({ path: '/assets/document.txt', headers: { Range: 'bytes=0-9' } })).body.length, 10)
  assert.equal((await browser.visit({ path: '/members/document.txt' })).status, 401)
  assert.deepEqual((await browser.visit({ path: '/members/document.txt', headers: members })).body, document)
  const zipped = await browser.visit({ path: page, headers: { 'Accept-Encoding': 'gzip', 'X-Request-ID': 'tour-1' } })
  assert.equal(zipped.header('Content-Encoding'), 'gzip')
  assert.equal(zipped.header('X-Served-By'), 'everything')
  for (const [url, tls] of [
    [server.url, {}],
    [secure, { rejectUnauthorized: false }],
  ] as const) {
    const client = new HTTP2Client(url, tls)
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.ask({ ':path': page })))
    client.close()
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  }
  await until('the access log names the request', () => entries().some((one) => JSON.stringify(one).includes('tour-1')))
}

/** Nothing is left, and nothing was said that should not have been. */
async function leave({ server, base }: Everything, ...besides: readonly RegExp[]): Promise<void> {
  await server.stop()
  assert.equal(await server.exited, 0)
  const lines = unexpected(server.log()).filter((line) => !besides.some((one) => one.test(line)))
  assert.deepEqual(lines, [])
  assert.deepEqual(readdirSync(`${base}/spool`), ['.keep'])
}

const film = Buffer.alloc(20 * 1024 * 1024, 'not really a film ')

async function visits(browser: Browser, steps: readonly [Visit | ((last: Reply) => Visit), number, RegExp?][]): Promise<void> {
  let last: Reply | undefined
  for (const [visit, status, shows] of steps) {
    const one = typeof visit === 'function' ? visit(last as Reply) : visit
    last = await browser.visit(one)
    assert.equal(last.status, status, `${one.path}: ${last.text.slice(0, 500)}`)
    if (shows !== undefined) assert.match(last.text, shows)
  }
}

test(
  'plait web with everything on serves Flask: pages, uploads, streams, reloads, crashes, and a quiet log',
  { skip: frameworksMissing },
  async (t) => {
    const everything = await serveEverything(t, flask)
    const { browser } = everything
    await visits(browser, [
      [{ path: '/' }, 200, /Visit 1/],
      [postForm('/login', { name: 'Zoë' }), 302],
      [{ path: '/' }, 200, /Welcome, Zoë[^]*Visit 2/],
      [postForm('/messages', { author: 'Ann', text: 'A <b>bold</b> word' }), 303],
      [postJson('/api/messages', { author: 'Bob', text: '汉字' }), 201],
      [{ path: '/messages' }, 200, /A &lt;b&gt;bold[^]*汉字/],
      [
        postFiles('/upload', { note: 'größer' }, [{ field: 'one', name: 'film.bin', type: 'video/mp4', content: film }]),
        200,
        /film\.bin/,
      ],
      [{ path: '/stream?lines=50&name=x' }, 200, /^line 49 for x$/m],
      [{ path: '/large' }, 200],
      [{ path: '/download', headers: { Range: 'bytes=100-199' } }, 206],
      [
        { path: '/hello/a?b=1', headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'front.example' } },
        200,
        /https:\/\/front\.example/,
      ],
      [{ path: '/teapot' }, 418],
      [{ path: '/nowhere' }, 404],
    ])
    await tourOfServer(everything, flask.page)
    await shake(everything, flask)
    // What was there before is there after all of that.
    await visits(browser, [
      [{ path: '/' }, 200, /Good day, Zoë[^]*Visit 3/],
      [{ path: '/messages' }, 200, /汉字/],
    ])
    await leave(everything)
  },
)

/** Fills the form that `last` shows. */
const fill =
  (path: string, fields: Record<string, string>) =>
  (last: Reply): Visit => {
    const [, token = ''] = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(last.text) ?? []
    return postForm(path, { csrfmiddlewaretoken: token, ...fields })
  }

test(
  'plait web with everything on serves Django: the admin, forms, uploads, streams, reloads, crashes, and a quiet log',
  { skip: frameworksMissing },
  async (t) => {
    const everything = await serveEverything(t, django)
    const { browser } = everything
    const film1 = { field: 'file', name: 'film.bin', type: 'application/octet-stream', content: film }
    await visits(browser, [
      [{ path: '/' }, 200, /größer/],
      [{ path: '/admin/login/?next=/admin/' }, 200],
      [fill('/admin/login/?next=/admin/', { username: 'root', password: 'tulip', next: '/admin/' }), 302],
      [{ path: '/admin/' }, 200, /Site administration[^]*Products/],
      [{ path: '/admin/shop/product/add/' }, 200],
      [fill('/admin/shop/product/add/', { name: 'Ink', price: '7', _save: 'Save' }), 302],
      [{ path: '/products/' }, 200, /Ink/],
      [fill('/products/', { name: 'Pen', price: '2.50' }), 302],
      [postFiles('/upload/', {}, [film1]), 200, /film\.bin/],
      [{ path: '/report/' }, 200, /1999;3996001/],
      [{ path: '/document/' }, 200],
      [{ path: '/memory/' }, 200],
      [{ path: '/headers/', headers: { 'X-One': '1' } }, 200],
      [postForm('/products/', { name: 'Forged', price: '1' }), 403],
    ])
    await tourOfServer(everything, django.page)
    await shake(everything, django)
    await visits(browser, [
      [{ path: '/admin/' }, 200, /Site administration/],
      [{ path: '/products.json' }, 200, /2\.50/],
    ])
    // What Django itself writes of a form without its token.
    await leave(everything, /Forbidden \(CSRF/)
  },
)
