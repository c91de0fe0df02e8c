import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noChromium, openPage } from '../support/chromium.ts'
import { root } from '../support/paths.ts'
import { startProgram } from '../support/server.ts'

test('examples/websocket-echo echoes in a real browser', { skip: noChromium }, async (t) => {
  const server = await startProgram(`${root}/examples/websocket-echo/serve.mjs`, { PORT: '0' })
  t.after(() => server.stop())
  const { page, said } = await openPage(t)
  await page.goto(server.url)
  await page.getByText('connected').waitFor()
  await page.getByLabel('Message').fill('Grüße <b>')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('Grüße <b>').waitFor()
  assert.deepEqual(await page.locator('li').allTextContents(), ['Hello from the server', 'Grüße <b>'])
  if (process.env['SCREENSHOTS'] !== undefined)
    await page.screenshot({ path: `${process.env['SCREENSHOTS']}/websocket-echo.png` })
  // The page is told why when the server stops.
  await Promise.all([page.getByText('closed (1001)').waitFor(), server.stop()])
  assert.deepEqual(
    said.filter((line) => !line.includes('favicon') && !line.includes('404')),
    [],
  )
})
