import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from '../support/paths.ts'

/** What a scenario tells, see scenarios.mjs. */
export interface ChaosOutcome {
  readonly asked: number
  readonly lost: number
  readonly p99: number
  readonly memory: number
  readonly remark: string
  /** What was proven, a number or the exit code; throws for what was not counted. */
  count(name: string): number
}

/** It reads processes and memory from /proc. */
export const linux = { skip: process.platform !== 'linux' }

/** Lets one scenario of `npm run chaos` happen to Plait. @param env further variables, options of Plait among them */
export async function chaos(
  scenario: string,
  seconds: number,
  env: Readonly<Record<string, string>> = {},
): Promise<ChaosOutcome> {
  const words = [
    `${root}/test/chaos/run.mjs`,
    '--server',
    'plait',
    '--scenario',
    scenario,
    '--seconds',
    String(seconds),
    '--json',
  ]
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    timeout: 180_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
  }).catch(
    // It ends with 1 when something was lost, and tells all the same.
    (error: { stdout: string; stderr: string }) => {
      assert.ok(error.stdout.startsWith('{'), error.stderr)
      return error
    },
  )
  const { played } = JSON.parse(stdout) as { played: Played[] }
  assert.equal(played.length, 1)
  const { outcome } = played[0] as Played
  const count = (name: string): number => {
    const value = outcome.counts[name]
    if (value === undefined) throw new Error(`${name} was not counted: ${JSON.stringify(outcome.counts)}`)
    return Number(value)
  }
  return { ...outcome, count }
}

interface Played {
  readonly outcome: Omit<ChaosOutcome, 'count'> & { readonly counts: Readonly<Record<string, number | string>> }
}
