import { userInfo } from 'node:os'

/** Who this process is, for messages: `shop (uid 1001)`, or the number alone where it has no name. */
export function currentUser(): string {
  const uid = process.geteuid?.()
  try {
    const { username } = userInfo()
    return uid === undefined ? username : `${username} (uid ${uid})`
  } catch {
    return String(uid)
  }
}
