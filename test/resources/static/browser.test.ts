import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { NodeReactor } from '#src/reactor/node-reactor.ts'
import { Site } from '#src/resource/site.ts'
import { File } from '#src/resources/static/file.ts'
import { noChromium, openPage } from '../../support/chromium.ts'
import { makeTree } from './tree.ts'

async function serveFolder(t: TestContext, files: Record<string, string | Buffer>): Promise<string> {
  const reactor = new NodeReactor()
  const port = reactor.listenTCP(0, new Site(new File(makeTree(files))), { interface: '127.0.0.1' })
  await port.ready
  t.after(async () => {
    const stopped = reactor.stop()
    void reactor.stop()
    await stopped
  })
  return `http://127.0.0.1:${(port.getHost() as { port: number }).port}`
}

test('File: a browser sorts a listing, goes down and up, and is told of nothing wrong', { skip: noChromium }, async (t) => {
  const url = await serveFolder(t, {
    'a.txt': '333',
    'b.txt': '1',
    'sub <b>/deep.txt': 'deep',
    [`${'long-name-'.repeat(20)}.txt`]: '22',
  })
  const { page, said } = await openPage(t)
  const names = async (): Promise<string[]> => (await page.locator('tbody a').allTextContents()).map((name) => name.slice(0, 8))
  await page.goto(url)
  assert.deepEqual(await names(), ['sub <b>/', 'a.txt', 'b.txt', 'long-nam'])
  await page.click('text=Size')
  assert.deepEqual(await names(), ['sub <b>/', 'b.txt', 'long-nam', 'a.txt'])
  await page.click('text=Size')
  assert.deepEqual(await names(), ['sub <b>/', 'a.txt', 'long-nam', 'b.txt'])
  await page.click('text=sub <b>/')
  assert.equal(await page.title(), 'Directory listing for /sub <b>/')
  await page.click('text=../')
  assert.equal(new URL(page.url()).pathname, '/')
  // A browser asks for its icon by itself.
  assert.deepEqual(
    said.filter((message) => !message.includes('404')),
    [],
  )
})

test('File: a listing fits a phone and follows the colours of the system', { skip: noChromium }, async (t) => {
  const url = await serveFolder(t, { [`${'long-name-'.repeat(20)}.txt`]: '', 'a.txt': '' })
  const { page } = await openPage(t)
  await page.setViewportSize({ width: 320, height: 640 })
  const backgrounds = new Set<string>()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.goto(url)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320)
    backgrounds.add(await page.evaluate<string>('getComputedStyle(document.querySelector("a")).color'))
  }
  assert.equal(backgrounds.size, 2)
})

test('File: a browser decodes a compressed sibling, and asks again with its tag', { skip: noChromium }, async (t) => {
  const script = `document.title = 'decoded'`
  const url = await serveFolder(t, {
    'index.html': '<!doctype html><link rel="icon" href="data:,"><script src="app.js"></script>',
    'app.js': `${script} // plain`,
    'app.js.gz': gzipSync(script),
  })
  const { page, said } = await openPage(t)
  const answers: [number, string | undefined][] = []
  page.on('response', (response) => {
    if (response.url().endsWith('app.js')) answers.push([response.status(), response.headers()['content-encoding']])
  })
  await page.goto(url)
  assert.equal(await page.title(), 'decoded')
  await page.reload()
  assert.equal(await page.title(), 'decoded')
  assert.deepEqual(answers[0], [200, 'gzip'])
  assert.deepEqual(said, [])
})
