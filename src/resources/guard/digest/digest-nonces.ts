/** The nonces of Digest authentication, and which of their counts were used (RFC 7616 sections 3.3 and 5.4). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const TIME_BYTES = 6
const RANDOM_BYTES = 10
const SEAL_BYTES = 16
/** Requests that travel on several connections overtake each other: so many counts behind the highest may still come. */
const WINDOW = 64
const WINDOW_MASK = (1n << BigInt(WINDOW)) - 1n

/** A nonce that was used. */
interface Used {
  readonly issued: number
  highest: number
  /** Bit n: the count `highest - n` was used. */
  seen: bigint
}

/**
 * A nonce carries its time and a seal, so that those which nobody uses take no memory. Memory is kept for those that were used with the right
 * password, and of these for a limited number: older ones are forgotten, and their clients asked to go on with another.
 */
export class DigestNonces {
  readonly #key = randomBytes(32)
  readonly #lifetime: number
  readonly #most: number
  readonly #used = new Map<string, Used>()
  /** What was issued until then and is not known to be used may have been forgotten. */
  #forgottenUntil = -1

  /**
   * @param lifetime in seconds
   * @param most how many used ones are remembered
   */
  constructor(lifetime: number, most: number) {
    this.#lifetime = lifetime
    this.#most = most
  }

  /** @param now seconds, of the same clock always */
  make(now: number): string {
    const bytes = Buffer.alloc(TIME_BYTES + RANDOM_BYTES)
    bytes.writeUIntBE(Math.floor(now * 1000), 0, TIME_BYTES)
    randomBytes(RANDOM_BYTES).copy(bytes, TIME_BYTES)
    return Buffer.concat([bytes, this.#seal(bytes)]).toString('base64url')
  }

  /**
   * Uses up one count of a nonce.
   * @returns false when it was used before, or the nonce is too old, forgotten, or from elsewhere
   */
  spend(nonce: string, count: number, now: number): boolean {
    const issued = this.#issued(nonce)
    if (issued === undefined || now - issued > this.#lifetime) return false
    const used = this.#used.get(nonce)
    if (used !== undefined) return useUp(used, count)
    if (issued <= this.#forgottenUntil) return false
    this.#makeRoom(now)
    this.#used.set(nonce, { issued, highest: count, seen: 1n })
    return true
  }

  /** When it was made; undefined when it was not made here. */
  #issued(nonce: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url')
    // Another spelling of the same bytes would be another nonce.
    if (bytes.length !== TIME_BYTES + RANDOM_BYTES + SEAL_BYTES || bytes.toString('base64url') !== nonce) return undefined
    const sealed = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES)
    if (!timingSafeEqual(this.#seal(sealed), bytes.subarray(TIME_BYTES + RANDOM_BYTES))) return undefined
    return bytes.readUIntBE(0, TIME_BYTES) / 1000
  }

  #seal(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(bytes).digest().subarray(0, SEAL_BYTES)
  }

  #makeRoom(now: number): void {
    for (const [nonce, { issued }] of this.#used) {
      const expired = now - issued > this.#lifetime
      if (!expired && this.#used.size < this.#most) return
      if (!expired) this.#forgottenUntil = Math.max(this.#forgottenUntil, issued)
      this.#used.delete(nonce)
    }
  }
}

function useUp(used: Used, count: number): boolean {
  const ahead = count - used.highest
  if (ahead > 0) {
    used.seen = ahead >= WINDOW ? 1n : ((used.seen << BigInt(ahead)) & WINDOW_MASK) | 1n
    used.highest = count
    return true
  }
  if (-ahead >= WINDOW) return false
  const bit = 1n << BigInt(-ahead)
  if ((used.seen & bit) !== 0n) return false
  used.seen |= bit
  return true
}
