import { PlaitError } from '../errors.ts'
import { encodeSegment } from './encode-url.ts'

/** Parts of a {@link URLPath}, encoded as they stand in the URL. */
export interface URLParts {
  /** @default http */
  scheme?: string
  /** Host, and port where there is one. */
  netloc: string
  /** @default / */
  path?: string
  /** Without `?`. @default '' */
  query?: string
}

/** A place in the tree as a URL, and the way from it to others (Twisted: `twisted.python.urlpath.URLPath`). It never changes. */
export class URLPath {
  readonly scheme: string
  readonly netloc: string
  /** Begins with a slash; percent-encoded. */
  readonly path: string
  /** Without `?`; `''` for none. */
  readonly query: string

  constructor({ scheme = 'http', netloc, path = '/', query = '' }: URLParts) {
    this.scheme = scheme
    this.netloc = netloc
    this.path = path.startsWith('/') ? path : `/${path}`
    this.query = query
  }

  /** Throws `PLAIT_RESOURCE` for what is no absolute URL with a host. A fragment is dropped. */
  static fromString(url: string): URLPath {
    const { protocol, host, pathname, search } = parse(url)
    return new URLPath({ scheme: protocol.slice(0, -1), netloc: host, path: pathname, query: search.slice(1) })
  }

  /** The segments of the path, encoded as they are: `/a/b` → `['a', 'b']`, `/` → `['']`. */
  pathList(): string[] {
    return this.path.slice(1).split('/')
  }

  /** Another name in the same directory. @param name one segment, not encoded */
  sibling(name: string, keepQuery: boolean = false): URLPath {
    return this.#at([...this.pathList().slice(0, -1), encodeSegment(name)], keepQuery)
  }

  /** A name below this one; a slash at the end makes no difference. @param name one segment, not encoded */
  child(name: string, keepQuery: boolean = false): URLPath {
    const segments = this.pathList()
    if (segments.at(-1) === '') segments.pop()
    return this.#at([...segments, encodeSegment(name)], keepQuery)
  }

  /** The directory above this one's (`..`). */
  parent(keepQuery: boolean = false): URLPath {
    return this.#at([...this.pathList().slice(0, -2), ''], keepQuery)
  }

  /** The directory of this one (`.`). */
  here(keepQuery: boolean = false): URLPath {
    return this.#at([...this.pathList().slice(0, -1), ''], keepQuery)
  }

  /** Where a link leads that is clicked here (RFC 3986 section 5): anywhere, since it may be a whole URL. Throws `PLAIT_RESOURCE` for what is none. */
  click(reference: string): URLPath {
    const { href } = parse(reference, this.toString())
    return URLPath.fromString(href)
  }

  toString(): string {
    return `${this.scheme}://${this.netloc}${this.path}${this.query === '' ? '' : `?${this.query}`}`
  }

  #at(segments: readonly string[], keepQuery: boolean): URLPath {
    const { scheme, netloc } = this
    return new URLPath({ scheme, netloc, path: `/${segments.join('/')}`, query: keepQuery ? this.query : '' })
  }
}

function parse(url: string, base?: string): URL {
  try {
    const parsed = new URL(url, base)
    if (parsed.host !== '') return parsed
  } catch {
    // said below
  }
  throw new PlaitError('PLAIT_RESOURCE', `Cannot make a URL of ${JSON.stringify(url)}: it must have a scheme and a host`)
}
