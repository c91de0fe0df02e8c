import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { noChromium, openPage } from '../support/chromium.ts'
import { frameworksMissing, pythonWithFrameworks } from '../support/frameworks.ts'
import { root } from '../support/paths.ts'
import { startWeb } from '../support/server.ts'

/** Changes a file of the front end, as an editor does. */
function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8')
  assert.ok(text.includes(from))
  writeFileSync(file, text.replace(from, to))
}

test(
  'examples/one-port: Vite with live reload, Flask, Django and files in a real browser',
  { skip: noChromium || frameworksMissing },
  async (t) => {
    // Inside the repository, so that its packages are found; a copy, because files are edited and a database is made.
    const folder = mkdtempSync(`${root}/build/one-port-`)
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(`${root}/examples/one-port`, folder, { recursive: true })
    const venv = pythonWithFrameworks().replace(/\/bin\/[^/]+$/, '')
    const server = await startWeb([], { cwd: folder, env: { PLAIT_LISTEN: '127.0.0.1:0', VIRTUAL_ENV: venv } })
    t.after(() => server.stop())
    const { page, said } = await openPage(t)
    const shoot = async (name: string): Promise<void> => {
      if (process.env['SCREENSHOTS'] !== undefined)
        await page.screenshot({ path: `${process.env['SCREENSHOTS']}/one-port-${name}.png` })
    }

    const sockets: string[] = []
    page.on('websocket', (socket) => sockets.push(new URL(socket.url()).host))

    await page.goto(server.url)
    await page.getByText('Hello from Flask, mounted at /api').waitFor()
    assert.ok(await page.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth > 0))
    await shoot('front')

    // A style comes by the live-reload socket, into the page as it is.
    await page.evaluate(() => Object.assign(globalThis, { stayed: true }))
    edit(`${folder}/front/style.css`, 'rgb(34, 102, 68)', 'rgb(200, 0, 0)')
    await page.waitForFunction("getComputedStyle(document.querySelector('h1')).color === 'rgb(200, 0, 0)'")
    assert.equal(await page.evaluate('globalThis.stayed'), true)
    // A page that changes is loaded anew.
    edit(`${folder}/front/index.html`, 'Front end by Vite', 'Edited while it runs')
    await page.getByText('Edited while it runs').waitFor()
    assert.equal(await page.evaluate('globalThis.stayed'), undefined)
    assert.deepEqual(
      said.filter((line) => /error|failed/i.test(line)),
      [],
    )

    await page.getByText('Admin by Django').click()
    await page.getByLabel('Username').fill('admin')
    await page.getByLabel('Password').fill('admin')
    await shoot('login')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('Site administration').first().waitFor()
    await shoot('admin')
  },
)
