import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Request } from '#src/http/request.ts'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { developmentCertificate } from '#src/reactor/tls/development-certificate.ts'
import { Resource } from '#src/resource/resource.ts'
import { Site } from '#src/resource/site.ts'
import { noChromium, openPage } from '../../support/chromium.ts'

/** Counts visits, and forgets them when asked to. */
class Counter extends Resource {
  override isLeaf = true
  async render_GET(request: Request): Promise<string> {
    const session = await request.getSession<{ visits?: number }>()
    session.data.visits = (session.data.visits ?? 0) + 1
    return `<!doctype html><link rel="icon" href="data:,"><p>${session.data.visits}</p><form method="post"><button>Out</button></form>`
  }
  async render_POST(request: Request): Promise<string> {
    await (await request.getSession()).expire()
    request.setResponseCode(303)
    request.setHeader('Location', request.path)
    return ''
  }
}

test(
  'Chromium keeps the cookies of sessions, with TLS and without, and hides them from scripts',
  { skip: noChromium },
  async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'plait-session-test-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const reactor = new NodeReactor()
    const site = new Site(new Counter())
    const plain = reactor.listenTCP(0, site, { interface: '127.0.0.1' })
    const secure = reactor.listenTLS(0, site, await developmentCertificate({ directory: folder }), { interface: '127.0.0.1' })
    await Promise.all([plain.ready, secure.ready])
    t.after(async () => {
      const stopped = reactor.stop()
      void reactor.stop()
      await stopped
    })
    const { page } = await openPage(t, { ignoreHTTPSErrors: true })
    for (const [scheme, port, name] of [
      ['http', plain, 'PLAIT_SESSION'],
      ['https', secure, '__Host-PLAIT_SESSION'],
    ] as const) {
      const url = `${scheme}://127.0.0.1:${(port.getHost() as { port: number }).port}/a/b`
      for (const visits of ['1', '2']) {
        await page.goto(url)
        assert.equal(await page.locator('p').textContent(), visits)
      }
      const cookies = (await page.context().cookies(url)).filter((cookie) => cookie.name === name)
      assert.deepEqual(
        cookies.map(({ httpOnly, sameSite, path: of, secure: isSecure }) => [httpOnly, sameSite, of, isSecure]),
        [[true, 'Lax', '/', scheme === 'https']],
      )
      assert.equal(await page.evaluate('document.cookie'), '')
      await page.click('button')
      assert.equal(await page.locator('p').textContent(), '1')
    }
  },
)
