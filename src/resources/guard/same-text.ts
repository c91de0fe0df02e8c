/** Comparisons that do not tell by their time how much was right. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const key = randomBytes(32)

/** What nobody knows and nobody can send: it stands in for the password, or the hash, of users that are not there. */
export const nobodysSecret: string = randomBytes(32).toString('hex')

/** Are the texts the same? Takes the same time whatever is in `secret`. */
export function sameText(secret: string, given: string): boolean {
  // The hashes have one length, and which bytes they share says nothing of the texts.
  return timingSafeEqual(createHmac('sha256', key).update(secret).digest(), createHmac('sha256', key).update(given).digest())
}
