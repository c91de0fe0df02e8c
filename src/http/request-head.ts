import type { Address, Reactor } from '../reactor/reactor.ts'
import { examineHeaders, type HeadFacts } from './header-policy.ts'
import type { ForwardedNode } from './forwarded/forwarded-node.ts'
import { givenHost, hostOf, withHost, type GivenHost } from './given-host.ts'
import type { Channel } from './channel.ts'
import type { Incoming } from './incoming.ts'
import { givenRequestId, newRequestId, withRequestId } from './request-id.ts'
import { RequestTimes } from './request-times.ts'
import { refuse, type Refusal } from './refusal.ts'
import type { Request } from './request.ts'
import { parseTarget, splitPath, type Target } from './request-target.ts'
import type { Session } from './session.ts'

/** What a request knows of the site that serves it. `Site` (a higher room) fits. */
export interface RequestSite {
  readonly displayTracebacks: boolean
  /** Behind {@link Request.getSession}. */
  readonly sessions: { open(request: Request, create: boolean): Promise<Session<object> | undefined> }
}

/** Who sends a request, as found out by a guard (RFC 3875 sections 4.1.1 and 4.1.11). */
export interface RequestUser {
  /** REMOTE_USER. */
  readonly name: string
  /** AUTH_TYPE: the scheme, `Basic` or `Digest`. */
  readonly authType: string
}

const EMPTY: readonly string[] = Object.freeze([])

/** What a client asked for: the half of a `Request` that its head tells. Text is latin-1, one character for each byte. */
export class RequestHead implements HeadFacts, Target {
  /** The connection. */
  readonly channel: Channel
  readonly method: string
  /** The request-target as sent; without what a virtual host took away. */
  uri: string
  readonly clientproto: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2'
  /** Seconds of the reactor's clock when the head had come. */
  readonly startedAt: number
  path = ''
  query = ''
  authority: string | undefined
  headers: readonly string[] = EMPTY
  host: string | undefined
  contentLength: number | undefined = 0
  expectsContinue = false
  hasForwarding = false
  /** The site that serves it; set by the site. */
  site: RequestSite | undefined
  /** Who sends it, below a guard; nothing that a client says by itself comes here. */
  user: RequestUser | undefined
  /** Segments of the path already used on the way through the tree, decoded. */
  prepath: string[] = []
  /** When what happened to it; undefined where nobody wants to know. */
  readonly times: RequestTimes | undefined
  #id: string | undefined
  #postpath: string[] | undefined
  #given: GivenHost | undefined
  /** The client, where a trusted proxy stands between. */
  #client: ForwardedNode | undefined
  /** The request as its parser gave it. */
  protected readonly incoming: Incoming

  constructor(channel: Channel, incoming: Incoming) {
    this.channel = channel
    this.incoming = incoming
    this.method = incoming.method as string
    this.uri = incoming.url as string
    this.clientproto = incoming.httpVersionMinor === 1 ? 'HTTP/1.1' : incoming.httpVersion === '2' ? 'HTTP/2' : 'HTTP/1.0'
    this.startedAt = channel.reactor.seconds()
    this.times = channel.records.times ? new RequestTimes() : undefined
  }

  /** Looks at the head once, before anybody else does. Gives why it must be refused, or undefined. */
  examine(): Refusal | undefined {
    const incoming = this.incoming
    const { httpVersion, rawHeaders } = incoming
    // llhttp lets 0.9 and 2.0 through; a head without version could hide fields (llhttp issue 877).
    if (httpVersion !== '1.1' && httpVersion !== '1.0' && httpVersion !== '2') return refuse(505, 'Speak HTTP/1.1 or HTTP/1.0')
    const { maxTarget, maxFields } = this.channel.limits
    if (this.uri.length > maxTarget) return refuse(414, `The request-target has more than ${maxTarget} bytes`)
    if (rawHeaders.length > maxFields * 2) return refuse(431, `The head has more than ${maxFields} fields`)
    const refusal = parseTarget(this.method, this.uri, this) ?? examineHeaders(rawHeaders, httpVersion !== '1.0', this)
    if (refusal !== undefined) return refusal
    // The target's authority replaces the Host field (RFC 9112 section 3.2.2).
    if (this.authority !== undefined) {
      this.host = this.authority
      this.headers = withHost(this.headers, this.authority)
    }
    const untold = this.hasForwarding ? this.#learnOrigin() : undefined
    if (this.channel.records.ids && untold === undefined) this.#takeName()
    return untold
  }

  #takeName(): void {
    const { forwarding, peer } = this.channel
    if (forwarding.trusts(peer)) this.#id = givenRequestId(this.headers)
    this.headers = withRequestId(this.headers, this.id)
  }

  /** Takes what trusted proxies say for true, and what others say out of the way. */
  #learnOrigin(): Refusal | undefined {
    const { peer, secure, forwarding, reactor } = this.channel
    const { host, headers } = this
    const learnt = forwarding.learn({ peer, secure, host, headers }, reactor.logger)
    if ('status' in learnt) return learnt
    const { origin } = learnt
    this.headers = learnt.headers
    if (origin === undefined) return undefined
    this.#client = origin.client
    this.#given = hostOf(origin)
    if (origin.prefix.length > 0) this.prepath = [...origin.prefix]
    const { field } = this.#given
    if (field !== '' && field !== host) {
      this.host = field
      this.headers = withHost(this.headers, field)
    }
    return undefined
  }

  // -- the request

  /** The name of this request in logs. With `requestId`, the name that a trusted proxy gave it, and everybody else knows it by. */
  get id(): string {
    return (this.#id ??= newRequestId())
  }

  /** The reactor that serves it. */
  get reactor(): Reactor {
    return this.channel.reactor
  }

  /** Fields as sent, flat, without those that the policy drops. */
  get rawHeaders(): readonly string[] {
    return this.headers
  }

  /** Everything behind the first `?` of the target, undecoded; '' when there is none. */
  get queryString(): string {
    return this.query
  }

  /** Segments of the path that lie ahead, percent-decoded one by one: `/a/b/` → `['a', 'b', '']`. */
  get postpath(): string[] {
    return (this.#postpath ??= splitPath(this.path))
  }
  set postpath(segments: string[]) {
    this.#postpath = segments
  }

  /** True when a body comes: it may turn out to be empty when it is chunked. */
  get hasBody(): boolean {
    return this.contentLength !== 0
  }

  /** The last value of a field, any case; undefined when there is none. */
  getHeader(name: string): string | undefined {
    const lower = name.toLowerCase()
    const { headers } = this
    for (let index = headers.length - 2; index >= 0; index -= 2) {
      if ((headers[index] as string).toLowerCase() === lower) return headers[index + 1]
    }
    return undefined
  }

  /** All values of a field, any case, in the order in which they came; none when there is none (Twisted: `requestHeaders.getRawHeaders`). */
  getRawHeaders(name: string): string[] {
    const lower = name.toLowerCase()
    return this.headers.filter((_, index) => index % 2 === 1 && (this.headers[index - 1] as string).toLowerCase() === lower)
  }

  /** Fields by lower-case name, last value (Twisted: `getAllHeaders`). */
  getAllHeaders(): Map<string, string> {
    const all = new Map<string, string>()
    const { headers } = this
    for (let index = 0; index < headers.length; index += 2)
      all.set((headers[index] as string).toLowerCase(), headers[index + 1] as string)
    return all
  }

  /** The client's address: the peer's, or the one that trusted proxies tell (port 0 when they do not tell the port). */
  getClientAddress(): Address {
    const client = this.#client
    return client === undefined ? this.channel.peer : { type: 'TCP', host: client.host, port: Number(client.port) }
  }

  /** The host of {@link getClientAddress} as text; '' on a UNIX socket. */
  get clientHost(): string {
    return this.#client?.host ?? this.channel.peerHost
  }

  /** Its port as text; '' where nobody knows it. */
  get clientPort(): string {
    return this.#client?.port ?? this.channel.peerPort
  }

  /** The server's own address, or the one that trusted proxies or {@link setHost} gave. */
  getHost(): Address {
    return this.#given?.address ?? this.channel.host
  }

  /** The port of {@link getHost} as text; '' on a UNIX socket. */
  get hostPort(): string {
    return this.#given?.port ?? this.channel.hostPort
  }

  /** True on TLS, or what trusted proxies or {@link setHost} said. */
  isSecure(): boolean {
    return this.#given?.secure ?? this.channel.secure
  }

  /**
   * What the client calls this server, where a proxy in front knows better (Twisted: `setHost`): from now on the Host field, {@link getHost},
   * {@link isSecure} and all that is made of them say this.
   * @param host a name or an address, an IPv6 address with or without brackets
   * @param port goes into the Host field unless it is the scheme's own
   * @param secure the scheme is https. @default as it was
   * @throws PlaitError `PLAIT_RESOURCE` for what is no host or port
   */
  setHost(host: string, port: number, secure: boolean = this.isSecure()): void {
    this.#given = givenHost(host, port, secure)
    this.host = this.#given.field
    this.headers = withHost(this.headers, this.host)
  }
}
