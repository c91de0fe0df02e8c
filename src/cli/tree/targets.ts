import { PlaitError } from '../../errors.ts'
import { namesModule, resolveApplication, type ApplicationSpec } from '../../hosts/application.ts'
import { HOST_SCRIPT } from '../../hosts/python/python-process.ts'
import { Redirect } from '../../resources/redirect.ts'
import { ReverseProxyResource } from '../../resources/reverse-proxy/reverse-proxy-resource.ts'
import { parseUpstream } from '../../resources/reverse-proxy/upstream.ts'
import { WSGIResource } from '../../wsgi/wsgi-resource.ts'
import type { Surroundings, Target } from './target.ts'

/** A WSGI application. */
export function wsgiTarget(name: string): Target {
  const specIn = (surroundings: Surroundings): ApplicationSpec => {
    const { runIn: _runIn, preload: _preload, preFork: _preFork, postFork: _postFork, ...others } = surroundings
    // How those of Python run says nothing about those in TypeScript.
    if (namesModule(name)) return { ...others, application: name }
    return { ...surroundings, application: name }
  }
  return {
    description: `application ${name}`,
    hasLimits: true,
    hasProcesses: !namesModule(name),
    check: (surroundings) => void resolveApplication(specIn(surroundings)),
    reads: (surroundings) => {
      const { module, cwd } = resolveApplication(specIn(surroundings))
      return module === undefined ? [cwd, HOST_SCRIPT] : [module.file]
    },
    make: ({ reactor, surroundings, wsgi }) => new WSGIResource(reactor, reactor.getThreadPool(), specIn(surroundings), wsgi),
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
