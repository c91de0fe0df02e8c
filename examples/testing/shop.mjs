// A small shop: a page, a cart in the session, and a WSGI application. Its tests are in shop.test.mjs.
import { Resource, WSGIResource } from 'plait'

/** Greets whoever is named in the path. */
export class Greeting extends Resource {
  isLeaf = true

  render_GET(request) {
    const [name = 'stranger'] = request.postpath
    if (name === 'nobody') request.setResponseCode(404)
    return `Hello ${name}`
  }
}

/** POST puts something in, GET shows what is there. */
export class Cart extends Resource {
  isLeaf = true

  async render_POST(request) {
    const form = await request.form()
    const session = await request.getSession()
    session.data.items = [...(session.data.items ?? []), form.get('item')]
    request.redirect('/cart', 303)
  }

  async render_GET(request) {
    request.setHeader('Content-Type', 'application/json')
    const session = await request.getSession()
    return JSON.stringify(session.data.items ?? [])
  }
}

/** Answers after a while. */
export class Slow extends Resource {
  isLeaf = true

  render_GET(request) {
    request.reactor.callLater(30, () => {
      request.write('sorry for the wait')
      request.finish()
    })
  }
}

/** The whole tree. */
export function shop(reactor) {
  const root = new Resource()
  root.putChild('hello', new Greeting())
  root.putChild('cart', new Cart())
  root.putChild('slow', new Slow())
  root.putChild('stock', new WSGIResource(reactor, reactor.getThreadPool(), 'stock.application'))
  return root
}
