/** What clients show of themselves, and how it is read out of a request (Twisted: `twisted.cred.credentials`, `twisted.web.iweb`). */
import type { Request } from '../../http/request.ts'

/** What a client has shown. Checkers look at its class: {@link PasswordCredentials}, {@link AnonymousCredentials}, `DigestCredentials`, or one of your own. */
export interface Credentials {
  /** The name that is claimed, and not yet proved; undefined when there is none. */
  readonly username: string | undefined
}

/** The client has shown nothing (Twisted: `Anonymous`). */
export class AnonymousCredentials implements Credentials {
  readonly username: undefined = undefined
}

/** A name and a password (Twisted: `UsernamePassword`). */
export class PasswordCredentials implements Credentials {
  readonly username: string
  readonly password: string

  constructor(username: string, password: string) {
    this.username = username
    this.password = password
  }
}

/** One authentication scheme (RFC 9110 section 11; Twisted: `ICredentialFactory`). */
export interface CredentialFactory {
  /** `Basic`, `Digest` …: compared without regard to case, and the AUTH_TYPE of CGI. */
  readonly scheme: string
  /**
   * Values of WWW-Authenticate, the best first.
   * @param refused what the client has shown, when this very scheme could read it and it was refused
   */
  getChallenges(request: Request, refused?: Credentials): readonly string[]
  /**
   * @param response what follows the scheme in Authorization, latin-1
   * @returns undefined when it cannot be understood: the client is asked once more
   * @throws PlaitError with a `status`, when it shall not be asked
   */
  decode(response: string, request: Request): Credentials | undefined
}
