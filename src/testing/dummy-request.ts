/** A request without a server (Twisted: `twisted.web.test.requesthelper.DummyRequest`). */
import { PlaitError } from '../errors.ts'
import { addField } from '../http/field-map.ts'
import type { FieldMap } from '../http/field-map.ts'
import { Request } from '../http/request.ts'
import { isBodyPieces } from '../http/write-from.ts'
import { Resource, type TreeNode } from '../resource/resource.ts'
import { Site } from '../resource/site.ts'
import { DummyChannel } from './dummy-channel.ts'
import type { DummyChannelOptions } from './dummy-channel.ts'
import { DummyIncoming } from './dummy-incoming.ts'
import { DummyWriter } from './dummy-writer.ts'

/** Options of {@link DummyRequest}. */
export interface DummyRequestOptions extends DummyChannelOptions {
  /** @default 'GET' */
  method?: string
  /** Path and query, percent-encoded. @default made of the segments */
  uri?: string
  /** @default Host: dummy */
  headers?: Readonly<Record<string, string>>
  /** Text is UTF-8. */
  body?: string | Uint8Array
  /** @default '1.1' */
  httpVersion?: '1.0' | '1.1'
  /** What `request.site` is. @default a site of its own, so that there are sessions */
  site?: Site
}

/**
 * A request that is handed to one resource, past parser and traversal, and keeps what the resource answers.
 *
 *     const request = new DummyRequest(['ada'])
 *     await request.render(new Greeting())
 *     assert.equal(request.responseText, 'Hello ada')
 */
export class DummyRequest extends Request {
  readonly #writer: DummyWriter
  readonly #added = new Map<string, string[]>()

  /**
   * @param postpath segments that lie ahead of the resource, decoded
   * @throws PlaitError for what the server would refuse
   */
  constructor(postpath: readonly string[] = [], options: DummyRequestOptions = {}) {
    const { method = 'GET', httpVersion = '1.1' } = options
    const uri = options.uri ?? `/${postpath.map(encodeURIComponent).join('/')}`
    const body = typeof options.body === 'string' ? Buffer.from(options.body) : options.body
    const writer = new DummyWriter()
    super(new DummyChannel(options), new DummyIncoming(method, uri, fieldsOf(options, body), body, httpVersion), writer)
    this.#writer = writer
    const refusal = this.examine()
    if (refusal !== undefined)
      throw new PlaitError('PLAIT_PROTOCOL', `Cannot make this request: ${refusal.reason}`, { status: refusal.status })
    this.postpath = postpath.map((segment) => Buffer.from(segment, 'utf8').toString('latin1'))
    this.site = options.site ?? new Site(new Resource())
  }

  /** The query's fields, and those that were added. */
  override get args(): FieldMap {
    const all = new Map<string, string[]>()
    for (const fields of [super.args, this.#added]) {
      for (const [name, values] of fields) for (const value of values) addField(all, name, value)
    }
    return all
  }

  /** Adds a value to {@link args} (Twisted: `addArg`). */
  addArg(name: string, value: string): void {
    addField(this.#added, name, value)
  }

  /** The pieces of the body that were written, in order. */
  get written(): readonly Buffer[] {
    return this.#writer.written
  }

  /** All of them as text (UTF-8). */
  get responseText(): string {
    return Buffer.concat(this.#writer.written).toString('utf8')
  }

  /** The fields of the response by lower-case name, repeated ones joined by `, `: those sent, or set so far. */
  get responseHeaders(): Readonly<Record<string, string>> {
    const flat = this.code === 0 ? this.fieldsSet : this.#writer.headers
    const headers: Record<string, string> = {}
    for (let index = 0; index < flat.length; index += 2) {
      const name = (flat[index] as string).toLowerCase()
      headers[name] = name in headers ? `${headers[name]}, ${flat[index + 1]}` : (flat[index + 1] as string)
    }
    return headers
  }

  /**
   * Lets a resource answer, as `Site` does: text, bytes and pieces are sent, and the response finished; a promise of nothing finishes it too. After
   * `undefined` the resource goes on by itself: await `notifyFinish()`.
   * @throws whatever the resource throws: no page is made of it
   */
  async render(resource: TreeNode): Promise<void> {
    const given = resource.render(this)
    const rendered = await given
    if (isBodyPieces(rendered)) await this.writeFrom(rendered)
    else if (rendered !== undefined) this.write(rendered)
    else if (given === undefined) return
    this.finish()
  }

  /** The client leaves (Twisted: `processingFailed`): `notifyFinish()` is rejected with `PLAIT_CLIENT_GONE`. */
  disconnect(): void {
    this.connectionLost()
  }
}

function fieldsOf({ headers = { Host: 'dummy' } }: DummyRequestOptions, body: Uint8Array | undefined): string[] {
  const fields = Object.entries(headers).flat()
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  if (!names.has('host')) fields.push('Host', 'dummy')
  if (body !== undefined && !names.has('content-length')) fields.push('Content-Length', String(body.length))
  return fields
}
