// A counter for each visitor: http://127.0.0.1:8080/. Start it with `node serve.mjs`.
// With REDIS=redis://127.0.0.1:6379 the counts outlive the server (`npm install redis` first).
import { RedisSessionStore, Resource, Site, reactor } from 'plait'

class Counter extends Resource {
  async render_GET(request) {
    const session = await request.getSession()
    session.data.visits = (session.data.visits ?? 0) + 1
    return page(`You have been here ${session.data.visits === 1 ? 'once' : `${session.data.visits} times`}.`)
  }
}

class Forget extends Resource {
  async render_POST(request) {
    const session = await request.getSession({ create: false })
    await session?.expire()
    request.setResponseCode(303)
    request.setHeader('Location', '/')
    return ''
  }
}

function page(text) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Visits</title>
<style>:root { color-scheme: light dark } body { font: 1.25rem/1.5 system-ui, sans-serif; margin: 4rem auto; max-width: 30rem; padding: 0 1rem } button { font: inherit; padding: .25rem .75rem }</style>
<p>${text}</p>
<form method="post" action="/forget"><button>Forget me</button></form>
</html>
`
}

async function redisStore(url) {
  const { createClient } = await import('redis')
  const client = createClient({ url }).on('error', (error) => process.stderr.write(`Redis: ${error.message}\n`))
  await client.connect()
  reactor.addSystemEventTrigger('after', 'shutdown', () => client.close())
  return new RedisSessionStore(client)
}

const root = new Resource()
root.putChild('', new Counter())
root.putChild('forget', new Forget())

const { PORT = 8080, REDIS } = process.env
const sessions = REDIS === undefined ? {} : { store: await redisStore(REDIS) }
const port = reactor.listenTCP(Number(PORT), new Site(root, { sessions }), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
