import { findVenv } from './venv.ts'

const venv = findVenv()

/** The interpreter that has the frameworks; an empty text where they could not be installed (the tests are skipped then). */
export const python: string = 'python' in venv ? venv.python : ''

/** For `describe(…, { skip: frameworksMissing }, …)`: why, or false. Under CI=true nothing is skipped: the tests fail. */
export const frameworksMissing: string | false = 'missing' in venv && process.env['CI'] !== 'true' ? venv.missing : false
