// Several sites on one port: http://shop.localhost:8080/, http://blog.localhost:8080/, http://anna.people.localhost:8080/.
// Start it with `node serve.mjs`, on another port with `PORT=8081 node serve.mjs`. Names that end in .localhost are this machine, to browsers and to curl.
import { File, NameVirtualHost, Redirect, Resource, RewriterResource, Site, alias, reactor } from 'plait'

const folder = import.meta.dirname

/** One resource for all names below people.localhost. */
class Home extends Resource {
  isLeaf = true

  render_GET(request) {
    const [name] = request.getRequestHostname().split('.')
    return `<h1>This is ${name}'s page</h1>`
  }
}

const shop = new File(`${folder}/shop`)
shop.putChild('basket', new Redirect('/cart.html', { code: 308 }))

const hosts = new NameVirtualHost()
hosts.addHost('shop.localhost', shop)
// The articles have moved; their old addresses still lead to them.
hosts.addHost('blog.localhost', new RewriterResource(new File(`${folder}/blog`), alias('archive/first', 'first.html')))
hosts.addHost('*.people.localhost', new Home())
hosts.default = new Redirect(`http://shop.localhost:${process.env.PORT ?? 8080}/`)

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(hosts), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
