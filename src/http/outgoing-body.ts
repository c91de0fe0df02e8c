import { PlaitError } from '../errors.ts'

/** Bytes that the system has not taken, from which on whoever writes shall wait (Twisted: 64 KiB). */
const FULL = 64 * 1024

/** The body of a response as a resource writes it: how much of it is under way, and whether it is as long as was announced. */
export class OutgoingBody {
  readonly #declared: number | undefined
  readonly #bodyless: boolean
  #accepted = 0
  #underway = 0
  #full = false
  #waiters: { resolve(): void; reject(error: PlaitError): void }[] = []

  /**
   * @param declared value of Content-Length
   * @param bodyless the response has none, whatever is written: to HEAD, 204, 304
   */
  constructor(declared: number | undefined, bodyless: boolean) {
    this.#declared = declared
    this.#bodyless = bodyless
  }

  get bodyless(): boolean {
    return this.#bodyless
  }

  /** Too much is under way: wait for {@link drained}. */
  get full(): boolean {
    return this.#full
  }

  /** Takes a piece; gives as much of it as may be sent. */
  accept(piece: Uint8Array): Uint8Array {
    if (this.#bodyless) return piece.subarray(0, 0)
    const room = this.#declared === undefined ? piece.length : Math.min(piece.length, this.#declared - this.#accepted)
    this.#accepted += piece.length
    return room === piece.length ? piece : piece.subarray(0, Math.max(0, room))
  }

  /** What was written is not what Content-Length says; undefined while nothing is wrong. */
  excess(): PlaitError | undefined {
    return this.#declared !== undefined && this.#accepted > this.#declared ? this.#mismatch('more than') : undefined
  }

  /** The same at the end of the body. */
  shortfall(): PlaitError | undefined {
    return this.#declared !== undefined && !this.#bodyless && this.#accepted < this.#declared
      ? this.#mismatch('less than')
      : undefined
  }

  /** Bytes go to the system; the function given back is to be called when it has taken them. */
  sends(bytes: number): () => void {
    this.#underway += bytes
    if (this.#underway > FULL) this.#full = true
    return () => this.#taken(bytes)
  }

  /** Fulfilled when there is room again. */
  drained(): Promise<void> {
    return this.#full ? new Promise((resolve, reject) => this.#waiters.push({ resolve, reject })) : Promise.resolve()
  }

  /** The response is over: nobody waits any longer. */
  over(error: PlaitError | undefined): void {
    this.#full = false
    const waiters = this.#waiters
    this.#waiters = []
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }

  #taken(bytes: number): void {
    this.#underway -= bytes
    if (this.#full && this.#underway <= FULL / 2) this.over(undefined)
  }

  #mismatch(what: string): PlaitError {
    return new PlaitError('PLAIT_RESOURCE', `The body has ${what} the ${this.#declared} bytes that Content-Length announced`)
  }
}

/** The number in a Content-Length field. Throws `PLAIT_RESOURCE`. */
export function declaredLength(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new PlaitError('PLAIT_RESOURCE', `Cannot send the response: its Content-Length ${JSON.stringify(value)} is no length`)
}
