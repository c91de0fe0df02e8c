/** A tree of resources behind a listening port (Twisted: `twisted.web.server.Site`). */
import { HTTPFactory } from '../http/http-factory.ts'
import type { HTTPOptions } from '../http/http-factory.ts'
import type { Request } from '../http/request.ts'
import type { Logger } from '../log/logger.ts'
import { closePieces, isBodyPieces, type BodyPieces } from '../http/write-from.ts'
import { addSlash } from './add-slash.ts'
import { errorHTML } from './error-page.ts'
import { failRequest } from './failure.ts'
import type { Rendered, TreeNode } from './resource.ts'
import { isPromiseLike } from './resource.ts'
import { hasSession, saveSessions } from './session/opened-sessions.ts'
import { Sessions } from './session/sessions.ts'
import type { SessionOptions } from './session/sessions.ts'
import { findResource } from './traversal.ts'
import { UnsupportedMethod, statusOfUnsupported } from './unsupported-method.ts'

/** Options of {@link Site}. */
export interface SiteOptions extends HTTPOptions {
  /** Show the traceback of a failure in its 500 page. For development: a traceback shows code and data. @default false */
  displayTracebacks?: boolean
  /** The sessions of clients: where they are kept, how long they live, and their cookie. */
  sessions?: SessionOptions
}

/**
 * Serves the tree below `resource`.
 *
 *     reactor.listenTCP(8080, new Site(root))
 *
 * It may also be a resource in the tree of another site: below there it is `request.site`. Connections, logs and failures then are the outer one's affair.
 */
export class Site extends HTTPFactory implements TreeNode {
  readonly isLeaf = false
  /** The root of the tree. Another one may take its place while the site serves. */
  resource: TreeNode
  readonly displayTracebacks: boolean
  /** Behind `request.getSession`. */
  readonly sessions: Sessions
  readonly #logger: Logger | undefined

  constructor(resource: TreeNode, options: SiteOptions = {}) {
    super((request) => this.process(request), options)
    this.resource = resource
    this.displayTracebacks = options.displayTracebacks ?? false
    this.#logger = options.logger
    this.sessions = new Sessions(options.sessions ?? {}, options.logger)
  }

  /** Finds the resource for a request and renders it; whatever fails on the way becomes a response. */
  process(request: Request): void {
    // OPTIONS * asks about the server as a whole (RFC 9110 section 9.3.7): the tree has no say.
    if (request.uri === '*') return request.sendWhole(200, 'OK', ['Content-Length', '0'], undefined)
    try {
      const found = this.getResourceFor(request)
      if (isPromiseLike(found)) void this.#renderLater(found, request)
      else this.renderResource(found, request)
    } catch (error) {
      this.processingFailed(error, request)
    }
  }

  /** The resource at the request's path. Sets `request.site`. */
  getResourceFor(request: Request): TreeNode | Promise<TreeNode> {
    request.site = this
    return this.resource.isLeaf ? this.resource : findResource(this.resource, request)
  }

  /** Renders `resource` and sends what it gives. */
  renderResource(resource: TreeNode, request: Request): void {
    let rendered: Rendered | Promise<Rendered>
    try {
      rendered = resource.render(request)
      if (rendered === undefined) return
      if (isPromiseLike(rendered) || isBodyPieces(rendered) || hasSession(request)) {
        void this.#deliverLater(resource, rendered, request)
      } else {
        deliver(rendered, request)
      }
    } catch (error) {
      this.#renderFailed(resource, error, request)
    }
  }

  // -- as a resource of another site

  /** Hands the segment back: it belongs to the tree of this site. */
  getChildWithDefault(_name: string, request: Request): TreeNode {
    request.postpath.unshift(request.prepath.pop() as string)
    request.site = this
    return this.resource
  }

  /** What is below it, as `Resource` tells its children: its root. */
  listEntities(): TreeNode[] {
    return [this.resource]
  }

  /** A site is a directory: its URL ends with a slash. */
  render(request: Request): Rendered {
    return addSlash(request)
  }

  #renderFailed(resource: TreeNode, error: unknown, request: Request): void {
    if (error instanceof UnsupportedMethod && request.code === 0) this.#refuseMethod(resource, request, error)
    else this.processingFailed(error, request)
  }

  /** Ends the request of an error: a page of 4xx where the error says so; else it is logged, with a 500 page, or a cut when a response has begun. */
  processingFailed(error: unknown, request: Request): void {
    failRequest(request, error, this.#logger ?? request.reactor.logger, this.displayTracebacks)
  }

  async #renderLater(found: Promise<TreeNode>, request: Request): Promise<void> {
    try {
      this.renderResource(await found, request)
    } catch (error) {
      this.processingFailed(error, request)
    }
  }

  async #deliverLater(resource: TreeNode, promise: Rendered | Promise<Rendered>, request: Request): Promise<void> {
    try {
      const rendered = await promise
      // Before the client has its answer, and may come back with the next request.
      if (hasSession(request)) await saveOrClose(request, rendered)
      if (isBodyPieces(rendered)) return await deliverPieces(rendered, request)
      if (request.finished || request.disconnected) return
      if (rendered !== undefined) deliver(rendered, request)
      else request.finish()
    } catch (error) {
      this.#renderFailed(resource, error, request)
    }
  }

  #refuseMethod(resource: TreeNode, request: Request, error: UnsupportedMethod): void {
    const { allowedMethods } = error
    const { method } = request
    const renderGET = (resource as { render_GET?: (request: Request) => Rendered | Promise<Rendered> }).render_GET
    // Refusing HEAD where GET is taken says only that nobody wrote a render_HEAD.
    if (method === 'HEAD' && allowedMethods.includes('GET') && renderGET !== undefined) {
      const byGET: TreeNode = { isLeaf: true, getChildWithDefault: () => byGET, render: () => renderGET.call(resource, request) }
      return this.renderResource(byGET, request)
    }
    const allow = allowedMethods.join(', ')
    const status = statusOfUnsupported(method, allowedMethods)
    request.setResponseCode(status)
    request.setHeader('Allow', allow)
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    const takes = allow === '' ? 'It takes none.' : `It takes ${allow}.`
    const page =
      status === 405
        ? errorHTML(405, 'Method Not Allowed', `The resource at ${request.uri} does not take the method ${method}. ${takes}`)
        : errorHTML(501, 'Not Implemented', `This server does not know the method ${method}. The resource: ${takes}`)
    deliver(page, request)
  }
}

/** Without its session there is no answer: what would have been its body is closed. */
async function saveOrClose(request: Request, rendered: Rendered): Promise<void> {
  try {
    await saveSessions(request)
  } catch (error) {
    if (isBodyPieces(rendered)) closePieces(rendered)
    throw error
  }
}

/** Sends a body piece by piece. */
async function deliverPieces(pieces: BodyPieces, request: Request): Promise<void> {
  const status = request.responseCode
  if (request.code === 0 && status !== 204 && status !== 304 && !request.hasResponseHeader('Content-Type')) {
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
  }
  await request.writeFrom(pieces)
  request.finish()
}

/** Sends a whole body, with Content-Length, and a content type where the resource set none. */
function deliver(rendered: string | Uint8Array, request: Request): void {
  const isText = typeof rendered === 'string'
  if (!isText && !(rendered instanceof Uint8Array)) {
    throw new TypeError(`Cannot send what render gave: expected a string or a Uint8Array, got ${typeof rendered}`)
  }
  const body = isText ? Buffer.from(rendered, 'utf8') : rendered
  if (request.code !== 0) {
    // The resource has written before: this is the rest of the body.
    request.write(body)
    return request.finish()
  }
  const status = request.responseCode
  if (status !== 204 && status !== 304) {
    if (body.length > 0 && !request.hasResponseHeader('Content-Type')) {
      request.setHeader('Content-Type', isText ? 'text/html; charset=utf-8' : 'text/html')
    }
    request.setHeader('Content-Length', String(body.length))
    if (body.length > 0) request.write(body)
  }
  request.finish()
}
