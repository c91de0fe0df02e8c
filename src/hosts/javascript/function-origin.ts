/** From a function to the module that exports it: threads share no functions, so each loads the module for itself. */
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PlaitError } from '../../errors.ts'
import { callingModule } from '../../modules/calling-module.ts'
import { userModules } from '../../modules/module-loader.ts'
import type { UserModule } from '../../modules/user-module.ts'
import type { ModuleExport } from '../application.ts'
import type { WSGIApplication } from './wsgi.ts'

/** Where a function was marked: the file, and how many were there before it. */
interface Mark {
  readonly file: string
  readonly number: number
}

const marks = new WeakMap<WSGIApplication, Mark>()
const counts = new Map<string, number>()

/**
 * Says which module an application belongs to, where a program of one's own gives the function itself:
 *
 *     export const application = wsgiApplication(import.meta, (environ, startResponse) => { … })
 *     new WSGIResource(reactor, pool, application)
 *
 * Call it at the top level of the module: each of the application's threads loads the module once more and takes the function from the same call. There `plait` does nothing,
 * so no second server starts. Scripts need no such mark.
 * @param meta the `import.meta` of the module
 * @returns the same function
 * @throws PlaitError `PLAIT_CONFIGURATION` for anything but an `import.meta` and a function
 */
export function wsgiApplication<Application extends WSGIApplication>(
  meta: { url: string },
  application: Application,
): Application {
  if (typeof application !== 'function' || typeof meta?.url !== 'string' || !meta.url.startsWith('file:'))
    throw new PlaitError('PLAIT_CONFIGURATION', 'wsgiApplication takes import.meta and a function')
  const file = realpathSync(fileURLToPath(meta.url))
  const number = counts.get(file) ?? 0
  counts.set(file, number + 1)
  marks.set(application, { file, number })
  return application
}

/** The module that has `application`. @throws PlaitError `PLAIT_CONFIGURATION` where nobody knows */
export function functionOrigin(application: WSGIApplication): ModuleExport {
  const mark = marks.get(application)
  // A script is loaded again and again, and counts anew in each thread.
  if (mark !== undefined && !userModules.has(mark.file)) return { file: mark.file, name: mark.number, application }
  const file = mark?.file ?? callingModule()
  if (file === undefined) throw cannotMove(application)
  return { file, name: undefined, application }
}

/**
 * The file of a function and the name under which it is exported, by identity.
 * @throws PlaitError `PLAIT_CONFIGURATION` when no module exports it: a closure
 */
export async function findExport(origin: ModuleExport): Promise<{ file: string; name: string | number | undefined }> {
  const { file, name, application } = origin
  if (name !== undefined || application === undefined) return { file, name }
  // A script that waits for its own application is not loaded yet, but may have exported it.
  const known = userModules.peek(file)
  const found = known && exportIn(known, application)
  if (found !== undefined) return found
  const loaded = exportIn(await userModules.load(file), application)
  if (loaded === undefined) throw cannotMove(application)
  return loaded
}

/** A script may have it from another file. */
function exportIn(module: UserModule, application: WSGIApplication): { file: string; name: string } | undefined {
  for (const one of module.withImports()) {
    const name = Object.keys(one.exports).find((key) => one.exports[key] === application)
    if (name !== undefined) return { file: one.path, name }
  }
  return undefined
}

function cannotMove({ name }: WSGIApplication): PlaitError {
  const which = name === '' ? 'this function' : `the function ${name}`
  return new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot serve ${which}: its threads must be able to import it, and no module exports it. Export it from its module and give './file.ts#name', or mark it at the top level of the module: wsgiApplication(import.meta, function)`,
    { status: 500 },
  )
}
