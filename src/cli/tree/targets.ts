import { existsSync, statSync } from 'node:fs'
import { PlaitError } from '../../errors.ts'
import { resolveApplication } from '../../hosts/application.ts'
import { HOST_SCRIPT } from '../../hosts/python/python-process.ts'
import { Resource, type TreeNode } from '../../resource/resource.ts'
import { CGIDirectory } from '../../resources/cgi/cgi-directory.ts'
import { CGIScript } from '../../resources/cgi/cgi-script.ts'
import { Redirect } from '../../resources/redirect.ts'
import { ReverseProxyResource } from '../../resources/reverse-proxy/reverse-proxy-resource.ts'
import { UserDirectory } from '../../resources/user-directory/user-directory.ts'
import { parseUpstream } from '../../resources/reverse-proxy/upstream.ts'
import { scriptProcessors } from '../../resources/script/resource-script.ts'
import type { FileOptions } from '../../resources/static/file-settings.ts'
import { File } from '../../resources/static/file.ts'
import { WSGIResource } from '../../wsgi/wsgi-resource.ts'
import { absolutePath } from '../values.ts'
import type { Target } from './target.ts'

/**
 * A directory, or one file.
 * @param runsScripts files that end like scripts are resources. Who may put files into such a directory may run programs
 */
export function filesTarget(name: string, { runsScripts = false }: { runsScripts?: boolean } = {}): Target {
  const path = absolutePath(name)
  return {
    description: `files in ${path}`,
    hasFiles: true,
    reads: () => [path],
    check: () => mustBeThere(path),
    make: ({ files, cgi }) => {
      const runs = { ...scriptProcessors, '.cgi': (file: string) => new CGIScript(file, cgi) }
      const options = runsScripts ? { ...files, processors: { ...runs, ...files.processors } } : files
      return statSync(path).isDirectory() ? new File(path, options) : new SingleFile(path, options)
    },
  }
}

/** @throws PlaitError `PLAIT_CONFIGURATION` */
export function mustBeThere(path: string): void {
  if (!existsSync(path)) throw new PlaitError('PLAIT_CONFIGURATION', `There is no file or directory ${path}`)
}

/** One file, at its place and at the `/` of a site. */
class SingleFile extends Resource {
  readonly #file: File
  constructor(path: string, options: FileOptions) {
    super()
    this.#file = new File(path, options)
    this.putChild('', this.#file)
  }
  override render(...given: Parameters<TreeNode['render']>): ReturnType<TreeNode['render']> {
    return this.#file.render(...given)
  }
}

/** A directory of programs. */
export function cgiTarget(name: string): Target {
  const path = absolutePath(name)
  return {
    description: `programs in ${path}`,
    reads: () => [path],
    check: () => {
      mustBeThere(path)
      if (!statSync(path).isDirectory()) throw new PlaitError('PLAIT_CONFIGURATION', `${path} is no directory of CGI programs`)
    },
    make: ({ cgi }) => new CGIDirectory(path, cgi),
  }
}

/**
 * A directory in the home of each user.
 * @throws PlaitError `PLAIT_CONFIGURATION` when there can be none of this name, or the users are not known
 */
export function usersTarget(directory: string): Target {
  void new UserDirectory({ directory })
  return {
    description: `${directory} of each user`,
    hasFiles: true,
    // As in Twisted, none of the processors: what users put there is no program of the server's.
    make: ({ files }) => new UserDirectory({ directory, file: { ...files, processors: {} } }),
  }
}

/** A WSGI application. */
export function wsgiTarget(name: string): Target {
  return {
    description: `application ${name}`,
    check: () => void resolveApplication(name),
    reads: ({ cwd }) => [cwd, HOST_SCRIPT],
    make: ({ reactor, surroundings, wsgi }) =>
      new WSGIResource(reactor, reactor.getThreadPool(), { ...surroundings, application: name }, wsgi),
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
