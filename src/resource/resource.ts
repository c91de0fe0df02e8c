/**
 * A node of the tree (Twisted: `twisted.web.resource`). Each node knows its children by one decoded path segment, and can answer a
 * request that ends at it.
 */
import { PlaitError } from '../errors.ts'
import type { Request } from '../http/request.ts'
import type { BodyPieces } from '../http/write-from.ts'
import { notFound } from './error-page.ts'
import { UnsupportedMethod } from './unsupported-method.ts'

/**
 * What rendering gives:
 * - text (sent as UTF-8) or bytes: the whole body. Content-Length is set and the request finished.
 * - an async iterable of text or bytes (an async generator, a stream of Node or of the web): the body, piece by piece, each asked for when the client
 *   has room for it. The source is closed when the client goes.
 * - `undefined` from a plain method: the method has taken the request over. It calls `request.write` and `request.finish` itself, now or
 *   later (Twisted: `NOT_DONE_YET`).
 * - a promise of any of these. When it is fulfilled the response ends, if the method has not finished it
 *   itself; when it is rejected the client gets a 500. A method that goes on after it has returned awaits `request.notifyFinish()`.
 */
export type Rendered = string | Uint8Array | BodyPieces | undefined | void

/** A `render_METHOD` method. */
export type RenderMethod = (request: Request) => Rendered | Promise<Rendered>

/** The contract that traversal and `Site` need of a node (Twisted: `IResource`). {@link Resource} is the usual way to fulfil it. */
export interface TreeNode {
  /** True: what is left of the path is the node's own affair; its children are never asked for. */
  readonly isLeaf: boolean
  /** The child for one decoded segment; a promise holds the request until the child is known. */
  getChildWithDefault(name: string, request: Request): TreeNode | Promise<TreeNode>
  /** Answers a request of any method. */
  render(request: Request): Rendered | Promise<Rendered>
}

/**
 * A node with children. Subclass it and define `render_GET`, `render_POST` …, or `getChild` for children made on demand.
 *
 *     class Hello extends Resource {
 *       override isLeaf = true
 *       render_GET(request: Request) { return `Hello ${request.path}` }
 *     }
 */
export class Resource implements TreeNode {
  [method: `render_${string}`]: RenderMethod

  /** @default false */
  isLeaf: boolean = false

  /** Methods for the `Allow` field of a 405. @default those that have a `render_METHOD` */
  allowedMethods: readonly string[] | undefined = undefined

  readonly #children = new Map<string, TreeNode>()
  /** Children with names outside ASCII once more, under the UTF-8 bytes that browsers send for them. */
  #utf8Children: Map<string, TreeNode> | undefined

  /**
   * The child registered under exactly `name`, else what {@link getChild} gives.
   * @param name one decoded segment, latin-1; `''` after a final slash
   */
  getChildWithDefault(name: string, request: Request): TreeNode | Promise<TreeNode> {
    return this.#children.get(name) ?? this.#utf8Children?.get(name) ?? this.getChild(name, request)
  }

  /** Override to make children on demand. May change `request.prepath` and `request.postpath`. @default a 404 page */
  getChild(_name: string, _request: Request): TreeNode | Promise<TreeNode> {
    return notFound()
  }

  /**
   * Registers a child; replaces silently.
   * @param name one segment, not percent-encoded, `''` for the index. Outside ASCII it is found both by its UTF-8
   * bytes (`/caf%C3%A9`) and, where it has them, by its latin-1 bytes (`/caf%E9`).
   */
  putChild(name: string, child: TreeNode): void {
    if (typeof name !== 'string') {
      throw new PlaitError('PLAIT_RESOURCE', `Cannot put a child under ${String(name)}: its name must be a string`)
    }
    this.#children.set(name, child)
    const utf8 = utf8Segment(name)
    if (utf8 !== name) (this.#utf8Children ??= new Map()).set(utf8, child)
  }

  /** Removes a registered child; nothing happens when there is none. */
  delEntity(name: string): void {
    this.#children.delete(name)
    this.#utf8Children?.delete(utf8Segment(name))
  }

  /** The registered child, or undefined. Never calls {@link getChild}. */
  getStaticEntity(name: string): TreeNode | undefined {
    return this.#children.get(name)
  }

  /** Names of the registered children, in the order in which they were put. */
  listNames(): string[] {
    return [...this.#children.keys()]
  }

  /** The registered children, in the order in which they were put. */
  listEntities(): TreeNode[] {
    return [...this.#children.values()]
  }

  /**
   * Calls `render_<METHOD>`; HEAD is answered by `render_GET` where there is no `render_HEAD` (the body is then left out).
   * @throws UnsupportedMethod when there is none; `Site` makes a 405 or 501 of it
   */
  render(request: Request): Rendered | Promise<Rendered> {
    const { method } = request
    const render = this[`render_${method}`] ?? (method === 'HEAD' ? this.render_GET : undefined)
    if (typeof render !== 'function') throw new UnsupportedMethod(this.allowedMethods ?? definedMethods(this))
    return render.call(this, request)
  }
}

/** True for what can stand in a tree. */
export function isTreeNode(value: unknown): value is TreeNode {
  const { render, getChildWithDefault } = (value ?? {}) as Partial<TreeNode>
  return typeof render === 'function' && typeof getChildWithDefault === 'function'
}

/** True for what has to be awaited: a promise of any kind. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

/** Segments of requests are bytes as latin-1 text: this is `name` as it arrives when a client encodes it as UTF-8. */
function utf8Segment(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1')
}

/** The methods that `resource` has a `render_METHOD` for, base class first; HEAD comes with GET. */
export function definedMethods(resource: object): string[] {
  const chain: object[] = []
  for (
    let at: object | null = resource;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    chain.unshift(at)
  }
  const found = new Set<string>()
  for (const name of chain.flatMap((link) => Object.getOwnPropertyNames(link))) {
    if (name.startsWith('render_')) found.add(name.slice('render_'.length))
  }
  if (found.has('GET')) return ['HEAD', ...[...found].filter((method) => method !== 'HEAD')]
  return [...found]
}
