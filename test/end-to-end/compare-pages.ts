/**
 * Requests every page of an application from five servers: Plait, Plait with the application inside `wsgiref.validate.validator`,
 * Plait with streamed request bodies and two processes, Plait without Python (Pyodide), and the reference server `wsgiref.simple_server`. Status, headers and body have to be the same.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Browser, type Reply, type Visit } from '../support/browser.ts'
import { frameworksMissing, pythonWithFrameworks } from '../support/frameworks.ts'
import { root } from '../support/paths.ts'
import { startPlait, startReference, type RunningServer } from '../support/server.ts'

/** One page, visited after the pages before it in the list, with the cookies that those set. */
export interface Page {
  /** The request; a function when it depends on the reply to the page before (a CSRF token in a form). */
  visit: Visit | ((last: Reply) => Visit)
  status: number
  /** What else the reply must show; asked of every server. */
  check?: (reply: Reply) => void
}

/** An application with its pages. */
export interface PagedApplication {
  /** Folder below test/fixtures/apps. */
  folder: string
  /** Module that has `application` and `validated`. */
  module: string
  pages: readonly Page[]
  /** Why it does not run in the Python of Pyodide. @default it does */
  notInPyodide?: string
  /** Fills the folder that the application finds in `APP_DATA`; each server then gets a copy. */
  prepare?: (data: string, env: Record<string, string>) => Promise<void>
}

const apps = `${root}/test/fixtures/apps`

/** How an application is served. */
interface Serving {
  readonly name: string
  readonly attribute: string
  readonly start: typeof startPlait
  /** It does not run in the Python of the others. */
  readonly otherPython?: true
  /** @param data the folder that the application writes to */
  options(data: string): string[]
}

/** The servers that are compared; the last is the reference. */
const servers: readonly Serving[] = [
  { name: 'Plait', attribute: 'application', start: startPlait, options: () => [] },
  { name: 'Plait, validated', attribute: 'validated', start: startPlait, options: () => [] },
  {
    name: 'Plait, streamed and preloaded',
    attribute: 'application',
    start: startPlait,
    options: () => ['--request-body', 'stream', '--processes', '2', ...(process.platform === 'linux' ? ['--preload'] : [])],
  },
  {
    name: 'Plait, without Python',
    otherPython: true,
    attribute: 'application',
    start: startPlait,
    // The files beside the applications are not in the directory of any.
    options: (data) => ['--run-in', 'pyodide', '--threads', '1', '--writable', data, '--python-path', apps],
  },
  { name: 'wsgiref', attribute: 'application', start: startReference, options: () => [] },
]

/** Headers that belong to the server and the connection, not to the application. */
const serverHeaders = ['date', 'server', 'connection', 'transfer-encoding', 'keep-alive']

/** Where the servers may differ beyond those, and why. */
const exceptions: readonly { header: string; when: (method: string, status: number) => boolean; reason: string }[] = [
  {
    header: 'content-length',
    when: (_method, status) => status === 204 || status === 304,
    reason: 'wsgiref adds Content-Length: 0 to an empty result; RFC 9110 §8.6 forbids it in 204, and in 304 it would be wrong',
  },
]

/** Text that no two requests have in common. */
const varying: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /(?<=expires=)[^;]+/gi, reason: 'the end of a cookie is counted from now' },
  { pattern: /(?<=^Expires: ).+/g, reason: 'the age of a page is counted from now' },
  { pattern: /(?<=\b(?:session|csrftoken|sessionid|count)=)[^;]{20,}/g, reason: 'signed with the time, or random' },
  { pattern: /(?<=two=zwei:)[^;]+/g, reason: 'signed with the time' },
  { pattern: /(?<=\bmessages=[^;:]+:)[^;]+/g, reason: 'signed with the time' },
  { pattern: /(?<=name="csrfmiddlewaretoken" value=")\w+/g, reason: 'masked with random bytes each time' },
]

/** What another Python may do otherwise: the servers without our Python are not asked for it. */
const otherPython: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /(?<=^etag: ).+/gi, reason: 'made of inode and time of a file: one has numbers of its own, the other milliseconds' },
  { pattern: /(?<=^Allow: ).+/g, reason: 'the order of a set: hashes have 32 bits' },
]

/** A server, the client that visits it, and what that saw last. */
interface Visited {
  readonly name: string
  readonly otherPython: boolean
  readonly server: RunningServer
  readonly browser: Browser
  last: Reply | undefined
}

/** Declares the tests of all pages. */
export function comparePages(title: string, served: PagedApplication): void {
  describe(title, { skip: frameworksMissing }, () => {
    let data: string
    let running: Visited[] = []
    before(async () => {
      data = mkdtempSync(join(tmpdir(), 'plait-test-'))
      running = await startAll(data, served)
    })
    after(async () => {
      await Promise.all(running.map(({ server }) => server.stop()))
      rmSync(data, { recursive: true, force: true })
    })

    for (const page of served.pages) test(titleOf(page), () => comparePage(page, running))

    test('the validator has no complaint', () => {
      const log = running.map(({ server }) => server.log()).join('\n')
      assert.doesNotMatch(log, /AssertionError|WSGIWarning|without being closed/)
    })
  })
}

/** Visits a page on every server; each must give what the last one (the reference) gives. */
async function comparePage(page: Page, running: readonly Visited[]): Promise<void> {
  const replies: { reply: Reply; method: string }[] = []
  for (const visited of running) {
    const { name, browser, server, last } = visited
    const visit = visitOf(page, last)
    const reply = await browser.visit(visit)
    visited.last = reply
    assert.equal(reply.status, page.status, `${name}: ${reply.text}\n${server.log()}`)
    page.check?.(reply)
    replies.push({ reply, method: visit.method ?? 'GET' })
  }
  const [reference] = replies.slice(-1)
  for (const [index, one] of replies.entries()) {
    const patterns = running[index]?.otherPython ? [...varying, ...otherPython] : varying
    assert.deepEqual(comparable(one, patterns), reference && comparable(reference, patterns), running[index]?.name)
  }
}

async function startAll(data: string, served: PagedApplication): Promise<Visited[]> {
  const servings = servers.filter(({ otherPython }) => otherPython !== true || served.notInPyodide === undefined)
  const folder = `${apps}/${served.folder}`
  const template = `${data}/template`
  mkdirSync(template)
  await served.prepare?.(template, envOf(template))
  const results = await Promise.allSettled(
    servings.map(({ attribute, start, options }, index) => {
      const own = `${data}/${index}`
      cpSync(template, own, { recursive: true })
      return start({
        application: `${served.module}:${attribute}`,
        folder,
        python: pythonWithFrameworks(),
        env: envOf(own),
        options: options(own),
      })
    }),
  )
  const failed = results.find((result) => result.status === 'rejected')
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (failed === undefined) {
    return running.map((server, index) => {
      const { name, start, otherPython = false } = servings[index] as Serving
      const browser = new Browser(server.url, { headMayHaveBody: start === startReference })
      return { name, otherPython, server, browser, last: undefined }
    })
  }
  await Promise.all(running.map((server) => server.stop()))
  throw failed.reason
}

function envOf(data: string): Record<string, string> {
  // The order of Python's sets is seen in `Allow`.
  return { APP_DATA: data, PYTHONDONTWRITEBYTECODE: '1', PYTHONHASHSEED: '0' }
}

function titleOf(page: Page): string {
  if (typeof page.visit === 'function') return `${page.visit.name} → ${page.status}`
  const { method = 'GET', path, headers = {} } = page.visit
  const fields = Object.entries(headers).map(([name, value]) => `, ${name}: ${value}`)
  return `${method} ${path}${fields.join('')} → ${page.status}`
}

function visitOf(page: Page, last: Reply | undefined): Visit {
  if (typeof page.visit !== 'function') return page.visit
  assert.ok(last, 'the first page cannot depend on another')
  return page.visit(last)
}

/** What has to be the same. */
function comparable({ reply, method }: { reply: Reply; method: string }, patterns: typeof varying): object {
  const skipped = new Set(serverHeaders)
  for (const { header, when } of exceptions) if (when(method, reply.status)) skipped.add(header)
  const steady = (text: string): string => patterns.reduce((all, { pattern }) => all.replaceAll(pattern, '…'), text)
  const headers = reply.headers
    .filter(([name]) => !skipped.has(name.toLowerCase()))
    .map(([name, value]) => steady(`${name}: ${value}`))
  return { status: reply.status, headers, body: steady(reply.body.toString('latin1')) }
}
