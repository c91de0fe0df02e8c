/** A real browser for end-to-end tests: Chromium as the distribution or its own installer puts it. */
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core'

const places = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of the browser; undefined when there is none. */
export const chromiumPath: string | undefined = places.find((path) => path !== '' && existsSync(path))

/** For the option `skip` of a test: why it cannot run here. Under CI=true nothing is skipped, and the test fails instead. */
export const noChromium: string | false =
  chromiumPath === undefined && process.env['CI'] !== 'true' && 'no Chromium here: install it, or set CHROMIUM to its path'

/** What a page wrote and loaded, for the message of a test that fails. */
export interface OpenPage {
  readonly page: Page
  /** Messages of the console, and errors. */
  readonly said: string[]
}

/**
 * Opens an empty page; the browser ends with the test.
 * @param options of Playwright: `httpCredentials`, `colorScheme` …
 */
export async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<OpenPage> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium: install it, or set CHROMIUM to its path')
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  t.after(() => browser.close())
  const page = await browser.newPage(options)
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  return { page, said }
}
