import { PlaitError } from '../../errors.ts'
import { resolveApplication } from '../../hosts/application.ts'
import { HOST_SCRIPT } from '../../hosts/python/python-process.ts'
import { Redirect } from '../../resources/redirect.ts'
import { ReverseProxyResource } from '../../resources/reverse-proxy/reverse-proxy-resource.ts'
import { parseUpstream } from '../../resources/reverse-proxy/upstream.ts'
import { WSGIResource } from '../../wsgi/wsgi-resource.ts'
import type { Target } from './target.ts'

/** A WSGI application. */
export function wsgiTarget(name: string): Target {
  return {
    description: `application ${name}`,
    check: () => void resolveApplication(name),
    reads: ({ cwd }) => [cwd, HOST_SCRIPT],
    make: ({ reactor, surroundings, wsgi }) => {
      const { runIn, ...others } = surroundings
      // It is about applications in Python; the others have no choice.
      const where = runIn === undefined || resolveApplication(name).module !== undefined ? {} : { runIn }
      return new WSGIResource(reactor, reactor.getThreadPool(), { ...others, ...where, application: name }, wsgi)
    },
  }
}

/**
 * Another server.
 * @throws PlaitError `PLAIT_RESOURCE` for what is no address of one
 */
export function upstreamTarget(url: string): Target {
  parseUpstream(url)
  return { description: `server at ${url}`, make: ({ upstream }) => new ReverseProxyResource(url, upstream) }
}

/**
 * Sends clients to another URL, for now (302).
 * @throws PlaitError `PLAIT_CONFIGURATION` for what is none
 */
export function redirectTarget(url: string): Target {
  if (!/^(?:https?:\/\/[^/]|\.{0,2}\/)\S*$/i.test(url)) {
    throw new PlaitError('PLAIT_CONFIGURATION', `Cannot redirect to ${JSON.stringify(url)}: say https://… or a path like /new/`)
  }
  return { description: `redirect to ${url}`, make: () => new Redirect(url) }
}
