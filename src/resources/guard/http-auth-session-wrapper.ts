/** A subtree for those only who can say who they are (Twisted: `twisted.web.guard.HTTPAuthSessionWrapper`). */
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import { errorHTML, forbidden } from '../../resource/error-page.ts'
import { describeError } from '../../resource/failure.ts'
import type { TreeNode } from '../../resource/resource.ts'
import type { Site } from '../../resource/site.ts'
import { splitAuthorization } from './auth-fields.ts'
import { AnonymousCredentials } from './credentials.ts'
import type { CredentialFactory, Credentials } from './credentials.ts'
import { ANONYMOUS } from './portal.ts'
import type { Avatar, Portal } from './portal.ts'

/** Options of {@link HTTPAuthSessionWrapper}. */
export interface GuardOptions {
  /** What is behind the guard does not see the field Authorization, and so no password. @default false */
  stripAuthorization?: boolean
}

/** What a request has shown. */
interface Shown {
  readonly credentials: Credentials
  /** Who could read it; undefined for those who have shown nothing. */
  readonly factory: CredentialFactory | undefined
}

/**
 * Asks each request who sends it, and puts what the portal gives in its own place: the tree looks the same from both sides.
 *
 *     const portal = new Portal({ requestAvatar: (id) => ({ resource: membersArea }) }, [new HtpasswdChecker('members.htpasswd')])
 *     root.putChild('members', new HTTPAuthSessionWrapper(portal, [new BasicCredentialFactory('Members')]))
 *
 * Below it `request.user` is set, and with it REMOTE_USER and AUTH_TYPE of WSGI and CGI.
 */
export class HTTPAuthSessionWrapper implements TreeNode {
  readonly isLeaf = false
  readonly #portal: Portal
  readonly #factories: readonly CredentialFactory[]
  readonly #stripAuthorization: boolean

  /**
   * @param factories the schemes that are offered, the best first
   * @throws PlaitError `PLAIT_CONFIGURATION` when there is none
   */
  constructor(portal: Portal, factories: readonly CredentialFactory[], options: GuardOptions = {}) {
    if (factories.length === 0) {
      const message = 'Cannot guard a resource without a way to log in: give at least one credential factory'
      throw new PlaitError('PLAIT_CONFIGURATION', message)
    }
    this.#portal = portal
    this.#factories = [...factories]
    this.#stripAuthorization = options.stripAuthorization ?? false
  }

  /** Hands the segment back: it belongs to what is behind the guard. */
  getChildWithDefault(_name: string, request: Request): Promise<TreeNode> {
    request.postpath.unshift(request.prepath.pop() as string)
    return this.#admit(request)
  }

  /** The path ends here, and so at what is behind the guard. */
  render(request: Request): undefined {
    void this.#renderLater(request)
  }

  async #renderLater(request: Request): Promise<void> {
    const site = request.site as Site
    try {
      // By the site: it knows what a render method may give and throw.
      site.renderResource(await this.#admit(request), request)
    } catch (error) {
      site.processingFailed(error, request)
    }
  }

  /** What stands in the place of the guard for this request. */
  async #admit(request: Request): Promise<TreeNode> {
    const shown = this.#read(request)
    if (shown === undefined) return new Unauthorized(this.#factories)
    const login = await this.#portal.login(shown.credentials, request)
    if (login === undefined) return new Unauthorized(this.#factories, shown)
    const { id, avatar } = login
    if (avatar === undefined) return id === ANONYMOUS ? new Unauthorized(this.#factories) : nothingForYou
    watch(request, avatar)
    if (id !== ANONYMOUS && shown.factory !== undefined) request.user = { name: id, authType: shown.factory.scheme }
    if (this.#stripAuthorization) request.headers = withoutAuthorization(request.headers)
    return avatar.resource
  }

  /** Undefined for what nobody can read. */
  #read(request: Request): Shown | undefined {
    const field = request.getHeader('authorization')
    if (field === undefined) return { credentials: new AnonymousCredentials(), factory: undefined }
    const [scheme, response] = splitAuthorization(field)
    const factory = this.#factories.find((candidate) => candidate.scheme.toLowerCase() === scheme)
    const credentials = factory?.decode(response, request)
    return credentials === undefined ? undefined : { credentials, factory }
  }
}

const nothingForYou = forbidden('Forbidden', 'You are logged in, but there is nothing here for you.')

/** Asks for credentials, at any depth and for any method. */
class Unauthorized implements TreeNode {
  readonly isLeaf = true
  readonly #factories: readonly CredentialFactory[]
  readonly #refused: Shown | undefined

  constructor(factories: readonly CredentialFactory[], refused?: Shown) {
    this.#factories = factories
    this.#refused = refused
  }

  getChildWithDefault(): TreeNode {
    return this
  }

  render(request: Request): string {
    request.setResponseCode(401)
    for (const factory of this.#factories) {
      const refused = factory === this.#refused?.factory ? this.#refused.credentials : undefined
      for (const challenge of factory.getChallenges(request, refused)) request.addHeader('WWW-Authenticate', challenge)
    }
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    return errorHTML(401, 'Unauthorized', 'Log in to see this page.')
  }
}

/**
 * Sees to the logout.
 * @throws PlaitError `PLAIT_CLIENT_GONE` when there is nobody left to come in
 */
function watch(request: Request, { logout }: Avatar): void {
  const end = async (): Promise<void> => {
    try {
      await logout?.()
    } catch (error) {
      request.reactor.logger.error('The logout of a guarded resource failed', { error: describeError(error) })
    }
  }
  // Its end was told already, and is not told again.
  if (request.disconnected) {
    void end()
    throw new PlaitError('PLAIT_CLIENT_GONE', 'The client has gone')
  }
  if (logout !== undefined) void request.notifyFinish().then(end, end)
}

function withoutAuthorization(fields: readonly string[]): string[] {
  return fields.filter((_, index) => (fields[index - (index % 2)] as string).toLowerCase() !== 'authorization')
}
