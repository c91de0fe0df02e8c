import { AnonymousCredentials } from '../credentials.ts'
import type { Credentials } from '../credentials.ts'
import { ANONYMOUS } from '../portal.ts'
import type { Checker } from '../portal.ts'

/** Lets in those who show nothing; the realm sees them as `ANONYMOUS` (Twisted: `AllowAnonymousAccess`). What they show must be right all the same. */
export class AnonymousChecker implements Checker {
  requestAvatarId(credentials: Credentials): typeof ANONYMOUS | undefined {
    return credentials instanceof AnonymousCredentials ? ANONYMOUS : undefined
  }
}
