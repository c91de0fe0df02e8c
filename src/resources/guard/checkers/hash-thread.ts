/** Runs in a thread of its own, started by `SlowHashes`: a hash that is slow on purpose must not hold up the event loop. */
import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'
import { sameText } from '../same-text.ts'
import { apr1 } from './apr1.ts'

/** A question to the thread. */
export interface HashQuestion {
  readonly id: number
  readonly password: string
  /** What is stored: bcrypt, `$apr1$` or `$1$`. */
  readonly hash: string
}

/** Its answer. */
export interface HashAnswer {
  readonly id: number
  readonly matches: boolean
}

parentPort?.on('message', ({ id, password, hash }: HashQuestion) => {
  const matches = hash.startsWith('$2') ? compareSync(password, hash) : sameText(hash, apr1(password, hash))
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  parentPort?.postMessage({ id, matches } satisfies HashAnswer)
})
