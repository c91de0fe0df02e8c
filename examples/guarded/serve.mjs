// A folder for members: http://127.0.0.1:8080/members/, name "alice", password "open sesame". Start it with `node serve.mjs`.
import {
  BasicCredentialFactory,
  Data,
  File,
  HTTPAuthSessionWrapper,
  HtpasswdChecker,
  Portal,
  Resource,
  Site,
  reactor,
} from 'plait'

class WhoAmI extends Resource {
  render_GET(request) {
    request.setHeader('Content-Type', 'text/plain; charset=utf-8')
    return request.user.name
  }
}

// One for all; it could be another for each `id`.
const members = new File(`${import.meta.dirname}/members`)
members.putChild('whoami', new WhoAmI())

const realm = { requestAvatar: (_id, _request) => ({ resource: members }) }
const portal = new Portal(realm, [new HtpasswdChecker(`${import.meta.dirname}/members.htpasswd`)])

const root = new Resource()
root.putChild('', new Data('<!doctype html><title>Public</title><a href="members/">Members</a>', 'text/html; charset=utf-8'))
root.putChild('members', new HTTPAuthSessionWrapper(portal, [new BasicCredentialFactory('Members')]))

const port = reactor.listenTCP(Number(process.env.PORT ?? 8080), new Site(root), { interface: '127.0.0.1' })
await port.ready
process.stdout.write(`listening on http://127.0.0.1:${port.getHost().port}/\n`)
await reactor.run()
