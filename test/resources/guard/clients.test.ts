import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Resource } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { BasicCredentialFactory } from '#src/resources/guard/basic-credential-factory.ts'
import { InMemoryChecker } from '#src/resources/guard/checkers/in-memory-checker.ts'
import type { CredentialFactory } from '#src/resources/guard/credentials.ts'
import { DigestCredentialFactory } from '#src/resources/guard/digest/digest-credential-factory.ts'
import { HTTPAuthSessionWrapper } from '#src/resources/guard/http-auth-session-wrapper.ts'
import { Portal } from '#src/resources/guard/portal.ts'
import { WebSocketResource } from '#src/resources/websocket/websocket-resource.ts'
import { noChromium, openPage } from '../../support/chromium.ts'

const run = promisify(execFile)
const [user, password] = ['zoë', 'open "sesame" – ü']

/** A page behind a guard, with an image. */
class Page extends Resource {
  override isLeaf = true
  render_GET(request: Request): string {
    return `<!doctype html><link rel="icon" href="data:,"><title>Inside</title><p>${request.user?.authType} ${request.user?.name}</p><img src="a.svg"><img src="b.svg">`
  }
  render_POST(request: Request): Promise<string> {
    return new Promise((resolve) => request.readBody({}, () => resolve(`${request.contentLength} bytes`)))
  }
}

interface ServedPage {
  readonly url: string
  /** Statuses sent so far, with the path. */
  readonly answers: string[]
}

async function servePage(
  t: TestContext,
  factories: readonly CredentialFactory[],
  resource: TreeNode = new Page(),
): Promise<ServedPage> {
  const answers: string[] = []
  const portal = new Portal({ requestAvatar: () => ({ resource }) }, [new InMemoryChecker({ [user]: password })])
  const root = new Resource()
  root.putChild('in', new HTTPAuthSessionWrapper(portal, factories))
  const accessLog = (request: Request): void => void answers.push(`${request.code} ${request.path}`)
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new Site(root, { accessLog }), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  return { url: `http://127.0.0.1:${(port.getHost() as { port: number }).port}/in/`, answers }
}

const both = (): CredentialFactory[] => [new DigestCredentialFactory({ realm: 'R' }), new BasicCredentialFactory('R')]
const one = (algorithm: 'MD5' | 'SHA-256'): CredentialFactory[] => [
  new DigestCredentialFactory({ realm: 'R', algorithms: [algorithm] }),
]

const kinds: readonly (readonly [title: string, flag: string, make: () => CredentialFactory[], scheme: string])[] = [
  ['Basic', '--basic', both, 'Basic'],
  ['Digest with SHA-256', '--digest', () => one('SHA-256'), 'Digest'],
  ['Digest with MD5', '--digest', () => one('MD5'), 'Digest'],
  ['the best of what is offered', '--anyauth', both, 'Digest'],
]

for (const [title, flag, make, scheme] of kinds) {
  test(`curl logs in by ${title}, with a body too`, async (t) => {
    const { url } = await servePage(t, make())
    const curl = async (...words: string[]): Promise<string> =>
      (await run('curl', ['-sS', '--max-time', '20', '-w', '%{http_code}', flag, '-u', `${user}:${password}`, ...words])).stdout
    assert.match(await curl(`${url}a%20b?c=d&e`), new RegExp(`<p>${scheme} ${user}</p>.*200$`))
    assert.equal(await curl('-d', 'x'.repeat(5000), url), '5000 bytes200')
    assert.match(await curl('-u', `${user}:wrong`, url), /Unauthorized[^]*401$/)
  })
}

for (const [title, , make, scheme] of kinds.filter(([, flag]) => flag !== '--anyauth')) {
  test(`Chromium logs in by ${title} and sees the page`, { skip: noChromium }, async (t) => {
    const factories = title === 'Basic' ? [new BasicCredentialFactory('R')] : make()
    const { url, answers } = await servePage(t, factories)
    const { page } = await openPage(t, { httpCredentials: { username: user, password } })
    const response = await page.goto(url)
    assert.equal(response?.status(), 200)
    assert.equal(await page.locator('p').textContent(), `${scheme} ${user}`)
    await page.waitForLoadState('networkidle')
    assert.equal(answers[0], '401 /in/')
    // It is asked once: the images come with what it has learnt.
    assert.deepEqual(new Set(answers.slice(1)), new Set(['200 /in/', '200 /in/a.svg', '200 /in/b.svg']))
    await page.reload()
    assert.equal(answers.filter((answer) => answer.startsWith('401')).length, 1)
  })
}

test('a WebSocket is guarded like a page', async (t) => {
  const names: (string | undefined)[] = []
  const behind = new WebSocketResource((socket, request) => {
    names.push(request.user?.name)
    socket.close()
  })
  const { url } = await servePage(t, [new BasicCredentialFactory('R')], behind)
  const outcome = async (credentials: string): Promise<string> => {
    const headers = { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
    const socket = new WebSocket(url.replace('http', 'ws'), { headers })
    return new Promise((resolve) => {
      socket.on('open', () => resolve('open'))
      socket.on('error', (error) => resolve(error.message))
    })
  }
  assert.match(await outcome(`${user}:wrong`), /401/)
  assert.equal(await outcome(`${user}:${password}`), 'open')
  assert.deepEqual(names, [user])
})

test('Chromium sees that it must log in', { skip: noChromium }, async (t) => {
  const { url } = await servePage(t, both())
  const { page } = await openPage(t, { httpCredentials: { username: user, password: 'wrong' } })
  assert.equal((await page.goto(url))?.status(), 401)
  assert.equal(await page.title(), '401 - Unauthorized')
})
