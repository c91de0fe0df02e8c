/** The answer of a script that exports no resource. */
import path from 'node:path'
import type { Request } from '../../http/request.ts'
import { errorHTML } from '../../resource/error-page.ts'
import { failureId, requestLine } from '../../resource/failure.ts'
import type { TreeNode } from '../../resource/resource.ts'

/** A leaf that says in page and log what to export, whatever the site shows of failures: nothing of the script is in it but its name. */
export class ScriptFault implements TreeNode {
  readonly isLeaf = true
  readonly #file: string
  readonly #what: string

  /**
   * @param file path of the script
   * @param exported what it exports as `resource`
   * @param hasDefault it has a default export, which may be meant
   */
  constructor(file: string, exported: unknown, hasDefault: boolean) {
    this.#file = file
    this.#what = describe(exported, hasDefault)
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): string {
    const id = failureId()
    request.reactor.logger.error(`${this.#file} ${this.#what}`, { id, request: requestLine(request) })
    request.setResponseCode(500)
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    const detail = `${path.basename(this.#file)} ${this.#what}. A script says: export const resource = new …, and gives an object of a subclass of Resource, or a promise of one.`
    return errorHTML(500, 'Script Without Resource', `${detail} This is in the server's log under ${id}.`)
  }
}

function describe(exported: unknown, hasDefault: boolean): string {
  if (exported === undefined) {
    return hasDefault ? 'exports no resource: its default export must be named resource' : 'exports no resource'
  }
  if (typeof exported === 'function') return `exports as resource the class ${exported.name} itself, not an object of it`
  return `exports as resource ${exported === null ? 'null' : `a value of the type ${typeof exported}`}, which is no resource`
}
