// A guest book with pictures on http://127.0.0.1:8080/: a form with a file, a cookie, and a redirect behind the POST, so that a reload sends nothing
// again. Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`.
import { Resource, Site, escapeHTML, notFound, reactor } from 'plait'

const KILOBYTE = 1024

/** What was written. All in memory: an example forgets. */
const entries = []

class GuestBook extends Resource {
  render_GET(request) {
    const known = nameOf(request)
    const list = entries.map(({ name, text, picture }, index) => {
      const image = picture === undefined ? '' : ` <img src="${request.childLink('pictures')}/${index}" alt="" width="100">`
      return `<li><b>${escapeHTML(name)}</b>: ${escapeHTML(text)}${image}</li>`
    })
    return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
<h1>Guest book</h1>
<form method="post" enctype="multipart/form-data">
<p><label>Name <input name="name" required value="${escapeHTML(known)}"></label>
<p><label>Text <input name="text" required></label>
<p><label>Picture <input type="file" name="picture" accept="image/png, image/jpeg"></label>
<p><button>Write</button>
</form>
<ul>
${list.join('\n')}
</ul>
`
  }

  async render_POST(request) {
    // Whoever sends more gets a 413, and what is no form a 400.
    const form = await request.form({ maxBody: 600 * KILOBYTE, maxFileSize: 500 * KILOBYTE, maxFiles: 1, maxFields: 5 })
    const name = form.get('name') ?? ''
    const file = form.getFile('picture')
    entries.push({ name, text: form.get('text') ?? '', picture: await pictureOf(file) })
    request.addCookie('name', encodeURIComponent(name), { httpOnly: true, sameSite: 'lax', maxAge: 30 * 24 * 3600 })
    request.redirect('/', 303)
    return ''
  }
}

/** The name that the browser remembers. Cookies hold ASCII, and anybody can send others. */
function nameOf(request) {
  try {
    return decodeURIComponent(request.getCookie('name') ?? '')
  } catch {
    return ''
  }
}

/** Its first bytes say what it is; what the browser says of it, anybody could say. */
async function pictureOf(file) {
  if (file === undefined) return undefined
  const bytes = await file.bytes()
  const hex = bytes.toString('hex', 0, 4)
  const type = hex === '89504e47' ? 'image/png' : hex.startsWith('ffd8ff') ? 'image/jpeg' : undefined
  return type === undefined ? undefined : { type, bytes }
}

class Pictures extends Resource {
  getChild(name) {
    const picture = entries[Number(name)]?.picture
    return picture === undefined ? notFound() : new Picture(picture)
  }
}

class Picture extends Resource {
  isLeaf = true

  constructor({ type, bytes }) {
    super()
    this.type = type
    this.bytes = bytes
  }

  render_GET(request) {
    request.setHeader('Content-Type', this.type)
    return this.bytes
  }
}

const root = new Resource()
root.putChild('', new GuestBook())
root.putChild('pictures', new Pictures())

const site = new Site(root, { logger: reactor.logger, defaultHeaders: { 'X-Content-Type-Options': 'nosniff' } })
const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), site, { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
