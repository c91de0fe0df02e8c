import { findVenv } from './venv.ts'

const venv = findVenv()

/** For `describe(…, { skip: frameworksMissing }, …)`: why, or false. Under CI=true nothing is skipped: the tests fail. */
export const frameworksMissing: string | false = 'missing' in venv && process.env['CI'] !== 'true' ? venv.missing : false

/** The interpreter that has the frameworks. Throws, with the reason, where they could not be installed. */
export function pythonWithFrameworks(): string {
  if ('missing' in venv) throw new Error(venv.missing)
  return venv.python
}
