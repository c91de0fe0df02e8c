/** From a function to the module that exports it: threads share no functions, so each loads the module for itself. */
import { fileURLToPath } from 'node:url'
import { PlaitError } from '../../errors.ts'
import { callingModule } from '../../modules/calling-module.ts'
import { userModules } from '../../modules/module-loader.ts'
import type { ModuleExport } from '../application.ts'
import type { WSGIApplication } from './wsgi.ts'

const marks = new WeakMap<WSGIApplication, string>()

/**
 * Says which module exports an application, where a program of one's own gives the function itself:
 *
 *     export const application = wsgiApplication(import.meta, (environ, startResponse) => { … })
 *     new WSGIResource(reactor, pool, application)
 *
 * Scripts and service files need no such mark. In the application's threads the module is loaded once more; there `plait` does nothing, so no second server starts.
 * @param meta the `import.meta` of the module that exports it
 * @returns the same function
 */
export function wsgiApplication<Application extends WSGIApplication>(
  meta: { url: string },
  application: Application,
): Application {
  if (typeof application !== 'function')
    throw new PlaitError('PLAIT_CONFIGURATION', 'wsgiApplication takes import.meta and a function')
  marks.set(application, fileURLToPath(meta.url))
  return application
}

/** The module that has `application`. @throws PlaitError `PLAIT_CONFIGURATION` where nobody knows */
export function functionOrigin(application: WSGIApplication): ModuleExport {
  const file = marks.get(application) ?? callingModule()
  if (file === undefined) throw cannotMove(application)
  return { file, name: undefined, application }
}

/**
 * The file and the name under which a function is exported, by identity. Call it when the module has loaded to its end.
 * @throws PlaitError `PLAIT_CONFIGURATION` when no module exports it: a closure
 */
export async function findExport({ file, name, application }: ModuleExport): Promise<{ file: string; name: string }> {
  if (name !== undefined) return { file, name }
  if (userModules.has(file)) {
    const module = await userModules.load(file)
    // A script may have it from another file.
    for (const one of module.withImports()) {
      const found = nameIn(one.exports, application)
      if (found !== undefined) return { file: one.path, name: found }
    }
  } else {
    const exports = (await import(new URL(`file://${file}`).href)) as Record<string, unknown>
    const found = nameIn(exports, application)
    if (found !== undefined) return { file, name: found }
  }
  throw cannotMove(application)
}

function nameIn(exports: Readonly<Record<string, unknown>>, application: unknown): string | undefined {
  return Object.keys(exports).find((name) => exports[name] === application)
}

function cannotMove(application: WSGIApplication | undefined): PlaitError {
  const which = application?.name === undefined || application.name === '' ? 'this function' : `the function ${application.name}`
  return new PlaitError(
    'PLAIT_CONFIGURATION',
    `Cannot serve ${which} in threads: a thread must be able to import it. Export it from its module, and give './file.ts#name' or wsgiApplication(import.meta, function)`,
  )
}
