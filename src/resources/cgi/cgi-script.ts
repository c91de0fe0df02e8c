/** A program that answers requests by the Common Gateway Interface (RFC 3875; Twisted: `twisted.web.twcgi.CGIScript`). */
import path from 'node:path'
import type { JobBody } from '../../hosts/host.ts'
import type { Request } from '../../http/request.ts'
import { errorPage, forbidden, notFound } from '../../resource/error-page.ts'
import type { Rendered, TreeNode } from '../../resource/resource.ts'
import { ServedRoot } from '../static/served-root.ts'
import { settingsOf } from './cgi-settings.ts'
import type { CGIOptions, CGISettings } from './cgi-settings.ts'
import { isPathInfo, metaVariables } from './meta-variables.ts'
import { findScript } from './script-file.ts'
import type { FoundScript } from './script-file.ts'
import { ScriptRun } from './script-run.ts'
import type { ScriptBody } from './script-run.ts'
import { searchWords } from './search-words.ts'

/** What runs. */
export interface ScriptProgram {
  readonly program: string
  readonly words: readonly string[]
  /** Variables that come with the kind of script. */
  readonly variables: Readonly<Record<string, string>>
}

/** Settings on their way from a directory to its scripts. */
export class ScriptInheritance {
  readonly settings: CGISettings
  readonly root: ServedRoot
  constructor(settings: CGISettings, root: ServedRoot) {
    this.settings = settings
    this.root = root
  }
}

/**
 * Runs a program for each request and sends what it writes. The path behind it is its `PATH_INFO`.
 *
 *     root.putChild('counter', new CGIScript('cgi-bin/counter.py'))
 *
 * The file must be executable. No shell is involved.
 */
export class CGIScript implements TreeNode {
  readonly isLeaf = true
  /** Absolute. */
  readonly path: string
  readonly #settings: CGISettings
  readonly #root: ServedRoot

  /**
   * @param file path of the program; it need not be there yet
   * @throws PlaitError `PLAIT_CONFIGURATION` for options that make no sense
   */
  constructor(file: string, options: CGIOptions = {}) {
    const given: unknown = options
    this.path = path.resolve(file)
    this.#settings = given instanceof ScriptInheritance ? given.settings : settingsOf(options)
    this.#root = given instanceof ScriptInheritance ? given.root : new ServedRoot(this.path, 'follow')
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  /** Runs the script; fulfilled when the response is over. Every method reaches it. */
  async render(request: Request): Promise<Rendered> {
    if (!isPathInfo(request.postpath)) return notFound().render(request)
    const found = await findScript(this.#root, this.path, this.runsFile)
    if (found !== 'script') return pageOf(found).render(request)
    const body = await this.#body(request)
    if (body === undefined) return undefined
    const leave = await this.#place(request)
    if (leave === 'busy') {
      request.setHeader('Retry-After', '5')
      return pageOf(503).render(request)
    }
    if (request.disconnected) return leave()
    return this.#run(request, body, leave)
  }

  /** True when the file itself is run; false when another program reads it. */
  protected get runsFile(): boolean {
    return true
  }

  /** What is run for a request. */
  protected programFor(request: Request): ScriptProgram {
    const takesWords = this.#settings.searchWords && (request.method === 'GET' || request.method === 'HEAD')
    return { program: this.path, words: takesWords ? searchWords(request.queryString) : [], variables: {} }
  }

  /** The body, or that it will come; undefined when the client was answered, or has gone. */
  #body(request: Request): ScriptBody | Promise<ScriptBody | undefined> {
    if (!request.hasBody) return { kind: 'none' }
    const { buffers, maxBody } = this.#settings
    const { contentLength } = request
    // CGI must know the length, and a body that is too large starts nothing.
    if (!buffers && contentLength !== undefined && (maxBody === 0 || contentLength <= maxBody)) return { kind: 'stream' }
    return new Promise((resolve) => {
      request.readBody({ maxBody }, (error, body) => resolve(error === undefined ? collected(body) : undefined))
    })
  }

  /** Waits for a place among the processes; gives what gives it back. */
  #place(request: Request): Promise<'busy' | (() => void)> {
    return new Promise((resolve) => {
      const giveUp = this.#settings.limit.acquire(request.reactor, resolve, () => resolve('busy'))
      request.onDisconnect = () => {
        giveUp()
        resolve(nothing)
      }
    })
  }

  #run(request: Request, body: ScriptBody, leave: () => void): Promise<undefined> {
    // A client that leaves is no failure.
    const over = request.notifyFinish().then(nothing, nothing)
    const release = body.kind === 'file' ? request.holdBody() : undefined
    const gone = (): void => {
      release?.()
      leave()
    }
    try {
      const contentLength = body.kind === 'bytes' || body.kind === 'file' ? body.size : request.contentLength
      const { program, words, variables } = this.programFor(request)
      const env = { ...metaVariables(request, { file: this.path, contentLength }, this.#settings), ...variables }
      const run = new ScriptRun(request, this.path, this.#settings, gone)
      run.start({ program, words, env, folder: path.dirname(this.path) }, body)
    } catch (error) {
      gone()
      throw error
    }
    return over
  }
}

function collected(body: JobBody | undefined): ScriptBody {
  return body === undefined || body.kind === 'stream' ? { kind: 'bytes', chunks: [], size: 0 } : body
}

function pageOf(found: Exclude<FoundScript, 'script'>): TreeNode {
  if (found === 403) return forbidden()
  if (found === 503) return errorPage(503, 'Service Unavailable', 'The server is too busy to run programs. Try again soon.')
  return notFound()
}

function nothing(): undefined {
  return undefined
}
