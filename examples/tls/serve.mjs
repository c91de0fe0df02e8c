// HTTPS with a certificate for development, on https://localhost:8443/. Start it with `node serve.mjs`, on another port with `PORT=9443 node serve.mjs`.
// Try it: curl --cacert "$(node serve.mjs --certificate)" https://localhost:8443/
import { Resource, Site, developmentCertificate, reactor } from 'plait'

/** Says what client and server agreed on. */
class Handshake extends Resource {
  isLeaf = true

  render_GET(request) {
    const { protocol, cipher, alpnProtocol } = request.channel.tls
    request.setHeader('Content-Type', 'text/plain; charset=utf-8')
    return `${protocol}, ${cipher}, ${alpnProtocol ?? 'no ALPN'}\n`
  }
}

const certificate = await developmentCertificate()
if (process.argv.includes('--certificate')) {
  process.stdout.write(`${certificate.file}\n`)
} else {
  const port = reactor.listenTLS(Number(process.env.PORT ?? 8443), new Site(new Handshake()), certificate, {
    interface: '127.0.0.1',
  })
  await port.ready
  process.stdout.write(`listening on https://localhost:${port.getHost().port}/\n`)
  await reactor.run()
}
