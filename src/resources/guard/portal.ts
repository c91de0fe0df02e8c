/** From credentials to a resource (Twisted: `twisted.cred.portal`). */
import type { Request } from '../../http/request.ts'
import { PlaitError } from '../../errors.ts'
import { isTreeNode, type TreeNode } from '../../resource/resource.ts'
import type { Credentials } from './credentials.ts'

/** Who a client is when it is nobody. */
export const ANONYMOUS: unique symbol = Symbol('plait.anonymous')

/** Who a client is: a name, or {@link ANONYMOUS} where an `AnonymousChecker` lets it in. */
export type AvatarId = string | typeof ANONYMOUS

/** What a client gets. */
export interface Avatar {
  /** Takes the place of the guard in the tree, for this request. */
  readonly resource: TreeNode
  /** Called once, when the response is whole or the client has gone. */
  readonly logout?: () => void | Promise<void>
}

/** What is behind a guard, for each who comes in (Twisted: `IRealm`). */
export interface Realm {
  /**
   * Called for each request.
   * @returns undefined when there is nothing for this one: 403, or 401 for {@link ANONYMOUS}
   */
  requestAvatar(id: AvatarId, request: Request): Avatar | undefined | Promise<Avatar | undefined>
}

/** Finds out who a client is (Twisted: `ICredentialsChecker`). */
export interface Checker {
  /**
   * @param credentials look at the class: it may be one that this checker knows nothing of
   * @returns who that is; undefined when it is not proved, or nothing that this checker knows of
   * @throws when it could not be found out: the client gets a 500, or the status of a PlaitError
   */
  requestAvatarId(credentials: Credentials): AvatarId | undefined | Promise<AvatarId | undefined>
}

/** Who has come in. */
export interface Login {
  readonly id: AvatarId
  /** Undefined: there is nothing for this one. */
  readonly avatar: Avatar | undefined
}

/** Brings a realm and its checkers together. */
export class Portal {
  readonly #realm: Realm
  readonly #checkers: Checker[]

  /** @param checkers asked one after the other, until one knows the client */
  constructor(realm: Realm, checkers: readonly Checker[] = []) {
    this.#realm = realm
    this.#checkers = [...checkers]
  }

  /** Adds a checker behind those that are there. */
  registerChecker(checker: Checker): void {
    this.#checkers.push(checker)
  }

  /**
   * Who that is, and what it gets; undefined when no checker knows.
   * @throws PlaitError `PLAIT_RESOURCE` when the realm gives neither an avatar nor undefined
   */
  async login(credentials: Credentials, request: Request): Promise<Login | undefined> {
    for (const checker of this.#checkers) {
      const id = await checker.requestAvatarId(credentials)
      if (id === undefined) continue
      return { id, avatar: checked(await this.#realm.requestAvatar(id, request)) }
    }
    return undefined
  }
}

/** A resource in the place of an avatar is an easy mistake. */
function checked(avatar: Avatar | undefined): Avatar | undefined {
  if (avatar === undefined || isTreeNode((avatar as Partial<Avatar> | null)?.resource)) return avatar
  throw new PlaitError(
    'PLAIT_RESOURCE',
    'The realm gave no avatar: requestAvatar must give { resource }, or undefined for nothing',
  )
}
