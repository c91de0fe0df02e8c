import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noChromium, openPage } from '../../support/chromium.ts'
import { listen } from '../leaf.ts'

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Form</title><link rel="icon" href="data:,">
<form method="post" enctype="multipart/form-data">
<textarea name="text &quot;1&quot;"></textarea>
<input type="checkbox" name="box" value="ä" checked><input type="checkbox" name="box" value="ö" checked>
<input type="file" name="files" multiple><input type="file" name="none"><button>Send</button></form>`

test('Request.form reads what a browser sends, and a redirect lets it reload the page', { skip: noChromium }, async (t) => {
  let told: unknown
  let posts = 0
  const { url } = await listen(t, async (request) => {
    if (request.method !== 'POST') {
      const name = request.getCookie('posted')
      return name === undefined ? page : `<title>Posted</title><link rel="icon" href="data:,"><p>${name}`
    }
    posts++
    const form = await request.form()
    const files = await Promise.all(
      (form.files.get('files') ?? []).map(async (file) => [file.name, file.type, (await file.bytes()).length]),
    )
    told = [[...form.fields], files, form.files.size]
    request.addCookie('posted', 'yes', { httpOnly: true, sameSite: 'strict' })
    request.redirect(request.childLink('done'), 303)
    return ''
  })
  const { page: browser, said } = await openPage(t)
  await browser.goto(url)
  await browser.fill('textarea', 'one\ntwo ü')
  await browser.setInputFiles('input[name=files]', [
    { name: 'größe "1" 50%.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'large.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(300_000) },
  ])
  await browser.click('button')
  await browser.waitForURL(`${url}/done`)
  assert.equal(await browser.title(), 'Posted')
  await browser.reload()
  assert.equal(await browser.title(), 'Posted')
  assert.equal(posts, 1)
  const fields = [
    ['text "1"', ['one\r\ntwo ü']],
    ['box', ['ä', 'ö']],
  ]
  const files = [
    ['größe "1" 50%.txt', 'text/plain', 5],
    ['large.bin', 'application/octet-stream', 300_000],
  ]
  assert.deepEqual(told, [fields, files, 1])
  assert.deepEqual(said, [])
})
