/** Who calls: what a script names is looked for beside it first. */
import { userModules } from './module-loader.ts'

const deepest = 50

/**
 * The file of the user's whose code runs now, by the stack: the innermost that was loaded as a module here.
 * @returns undefined in a program that Node itself has loaded
 */
export function callingModule(): string | undefined {
  if (userModules.isEmpty) return undefined
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = deepest
    Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName())
    const files = new Error('who calls').stack as unknown as readonly (string | null | undefined)[]
    return files.find((file) => typeof file === 'string' && userModules.has(file)) ?? undefined
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  }
}
