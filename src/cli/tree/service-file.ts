import { existsSync } from 'node:fs'
import path from 'node:path'
import { PlaitError } from '../../errors.ts'
import { loadModule } from '../../modules/module-loader.ts'
import type { Reactor, ServerFactory } from '../../reactor/reactor.ts'
import { isTreeNode, type TreeNode } from '../../resource/resource.ts'
import type { ThreadPool } from '../../threadpool/thread-pool.ts'
import { absolutePath } from '../values.ts'

/** What a service file has made. */
export interface Service {
  /** A site of its own; the options about sites do not hold for it. */
  readonly site: ServerFactory | undefined
  /** The root of a site. One of these two is there. */
  readonly resource: TreeNode | undefined
  /** Endpoints, for when the command line names none. */
  readonly listen: readonly string[]
}

const NAMES = ['plait.config.ts', 'plait.config.mts', 'plait.config.js', 'plait.config.mjs']
/** The exports that are looked for, in this order. */
const EXPORTS = ['default', 'site', 'resource', 'root'] as const

/** The service file that lies in a directory; undefined when there is none. */
export function findServiceFile(directory: string): string | undefined {
  return NAMES.map((name) => path.join(directory, name)).find((file) => existsSync(file))
}

/** A program that says what to serve (Twisted: a `.tac` file), loaded once. */
export class ServiceFile {
  /** Absolute. */
  readonly path: string
  #loading: Promise<Service> | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` when it is not there */
  constructor(file: string) {
    this.path = absolutePath(file)
    if (!existsSync(this.path)) throw this.#wrong('there is no such file')
  }

  /**
   * Runs it.
   * @throws PlaitError `PLAIT_MODULE` when it fails, `PLAIT_CONFIGURATION` when it gives nothing to serve
   */
  load(reactor: Reactor<ThreadPool>): Promise<Service> {
    return (this.#loading ??= Promise.race([this.#read(reactor), this.#runsItself(reactor)]))
  }

  /** Rejected when the reactor runs before the file is loaded. */
  #runsItself(reactor: Reactor<ThreadPool>): Promise<never> {
    return new Promise((_, reject) => {
      const why = `it runs the reactor itself: leave reactor.run() out, or start it by node ${this.path}`
      reactor.callWhenRunning(() => reject(this.#wrong(why)))
    })
  }

  async #read(reactor: Reactor<ThreadPool>): Promise<Service> {
    const exports = await loadModule(this.path)
    const name = EXPORTS.find((one) => exports[one] !== undefined)
    if (name === undefined) throw this.#wrong(`it exports nothing to serve: ${ADVICE}`)
    const exported = exports[name]
    const made: unknown = await (isFactory(exported) ? exported(reactor) : exported)
    const listen = this.#endpoints(exports['listen'])
    if (isServerFactory(made)) return { site: made, resource: undefined, listen }
    if (isTreeNode(made)) return { site: undefined, resource: made, listen }
    throw this.#wrong(`its export ${name} ${describe(made)}: ${ADVICE}`)
  }

  #endpoints(listen: unknown): readonly string[] {
    if (listen === undefined) return []
    const all: readonly unknown[] = Array.isArray(listen) ? listen : [listen]
    if (all.every((one) => typeof one === 'string' || typeof one === 'number')) return all.map(String)
    throw this.#wrong('its export listen must be an endpoint, or a list of them, like 127.0.0.1:8080')
  }

  #wrong(why: string): PlaitError {
    return new PlaitError('PLAIT_CONFIGURATION', `Cannot serve ${this.path}: ${why}`)
  }
}

const ADVICE = 'say export default new Site(…), or a resource, or a function that gives one of them'

/** A function that makes it; a class is none. */
function isFactory(value: unknown): value is (reactor: Reactor<ThreadPool>) => unknown {
  return typeof value === 'function' && !isTreeNode(value.prototype) && !isServerFactory(value.prototype)
}

function isServerFactory(value: unknown): value is ServerFactory {
  return typeof (value as Partial<ServerFactory> | undefined)?.connectionMade === 'function'
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `is the class ${value.name} itself, not an object of it`
  return value === undefined ? 'gave nothing' : `is ${value === null ? 'null' : `of the type ${typeof value}`}`
}
