import { PlaitError } from '../errors.ts'
import { encodeBytes, encodeSegment } from './encode-url.ts'
import { hostName } from './host-name.ts'
import { RequestValues } from './request-values.ts'
import { URLPath } from './url-path.ts'

/** Where a request is in the tree, as URLs and as links for its pages. */
export class RequestLinks extends RequestValues {
  #rootURL: string | undefined

  /** The name that the client called this server, without port and brackets; its address where the client said none (Twisted: `getRequestHostname`). */
  getRequestHostname(): string {
    const address = this.getHost()
    return hostName(this.host) || (address.type === 'TCP' ? address.host : 'localhost')
  }

  /** Link from the page of this resource to a child of it. @param name one segment, not encoded (Twisted: `childLink`) */
  childLink(name: string): string {
    const { length } = this.postpath
    const child = encodeSegment(name)
    if (length > 0) return '../'.repeat(length - 1) + child
    const last = this.prepath.at(-1)
    return last === undefined || last === '' ? child : `${encodeBytes(last)}/${child}`
  }

  /** Link from the page of this resource to a sibling of it. @param name one segment, not encoded (Twisted: `sibLink`) */
  sibLink(name: string): string {
    return '../'.repeat(this.postpath.length) + encodeSegment(name)
  }

  /**
   * The URL of the resource: what of the path the tree has used (Twisted: `prePathURL`). Host and port are those of the Host field, which the client chooses: do not send it to others by mail,
   * say, unless the server takes only names that are its own.
   */
  prePathURL(): string {
    return this.#url(this.prepath)
  }

  /** The same as an object from which other URLs can be made (Twisted: `URLPath`). */
  URLPath(): URLPath {
    return new URLPath({ scheme: this.#scheme(), netloc: this.#authority(), path: pathOf(this.prepath) })
  }

  /** Remembers the URL of the resource's parent for {@link getRootURL}; to be called by the root of an application (Twisted: `rememberRootURL`). */
  rememberRootURL(): void {
    this.#rootURL = this.#url(this.prepath.slice(0, -1))
  }

  /** What {@link rememberRootURL} remembered. Throws `PLAIT_RESOURCE` when it was not called. */
  getRootURL(): string {
    if (this.#rootURL === undefined) {
      throw new PlaitError('PLAIT_RESOURCE', 'Cannot give the root URL: no resource on the way has called rememberRootURL')
    }
    return this.#rootURL
  }

  #url(segments: readonly string[]): string {
    return `${this.#scheme()}://${this.#authority()}${pathOf(segments)}`
  }

  #scheme(): string {
    return this.isSecure() ? 'https' : 'http'
  }

  /** Host and port. */
  #authority(): string {
    if (this.host !== undefined && !this.host.startsWith(':') && this.host !== '') return this.host
    const address = this.getHost()
    if (address.type !== 'TCP') return 'localhost'
    const host = address.host.includes(':') ? `[${address.host}]` : address.host
    return address.port === (this.isSecure() ? 443 : 80) ? host : `${host}:${address.port}`
  }
}

function pathOf(segments: readonly string[]): string {
  return `/${segments.map(encodeBytes).join('/')}`
}
