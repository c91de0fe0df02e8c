import type { Request } from '#src/http/request.ts'
import { Resource } from '#src/resource/resource.ts'
import type { TreeNode } from '#src/resource/resource.ts'
import type { CredentialFactory } from '#src/resources/guard/credentials.ts'
import { BasicCredentialFactory } from '#src/resources/guard/basic-credential-factory.ts'
import { HTTPAuthSessionWrapper } from '#src/resources/guard/http-auth-session-wrapper.ts'
import type { GuardOptions } from '#src/resources/guard/http-auth-session-wrapper.ts'
import { InMemoryChecker } from '#src/resources/guard/checkers/in-memory-checker.ts'
import { Portal } from '#src/resources/guard/portal.ts'
import type { Checker, Realm } from '#src/resources/guard/portal.ts'

/** Tells where in the tree it stands, and for whom. */
export class Where extends Resource {
  readonly #name: string

  constructor(name: string, isLeaf: boolean) {
    super()
    this.#name = name
    this.isLeaf = isLeaf
  }

  override getChild(name: string): TreeNode {
    return new Where(`${this.#name}/${name}`, false)
  }

  render_GET(request: Request): string {
    return `${this.#name} ${JSON.stringify([request.prepath, request.postpath])} ${request.user?.authType} ${request.user?.name}`
  }
}

export interface Guarded {
  realm?: Realm
  checkers?: readonly Checker[]
  factories?: readonly CredentialFactory[]
  options?: GuardOptions
}

/** What is behind it says `branch`. */
export function guard(guarded: Guarded = {}): HTTPAuthSessionWrapper {
  const realm = guarded.realm ?? { requestAvatar: () => ({ resource: new Where('branch', false) }) }
  const portal = new Portal(realm, guarded.checkers ?? [new InMemoryChecker({ alice: 'open sesame' })])
  return new HTTPAuthSessionWrapper(portal, guarded.factories ?? [new BasicCredentialFactory('R')], guarded.options)
}

/** A request with a value of Authorization. */
export function withAuthorization(target: string, value: string, method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: ${value}\r\n\r\n`
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** A request of somebody who gives a name and a password by Basic. */
export function asUser(target: string, user = 'alice', password = 'open sesame'): string {
  return withAuthorization(target, basic(user, password))
}
