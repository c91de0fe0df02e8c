/** Environ: PEP 3333, "environ Variables". */
import type { WSGIApplication } from 'plait'
import { answer, type Applications } from './registry.ts'

const seen: object[] = []

/** The type of a value, in the words that the cases have for it. */
function typeName(value: unknown): string {
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return Object.isFrozen(value) ? 'tuple' : 'list'
  if (typeof value !== 'object' || value === null) return typeof value
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? 'dict' : value.constructor.name
}

function described(value: unknown): unknown {
  if (['string', 'number', 'boolean'].includes(typeof value) || value === null || Array.isArray(value)) return value
  return `<${typeName(value)}>`
}

/** Types and values of everything, and what a copy of the process environment would show. */
export const environ: WSGIApplication = (given, startResponse) =>
  answer(startResponse, {
    kind: typeName(given),
    types: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, typeName(value)])),
    values: Object.fromEntries(Object.entries(given).map(([key, value]) => [key, described(value)])),
    keyTypes: [...new Set(Reflect.ownKeys(given).map(typeName))],
    leaked: Object.keys(given).filter((key) => key in process.env && key !== 'SERVER_SOFTWARE'),
    inProcess: process.env['PLAIT_CONFORMANCE_MARKER'] ?? null,
  })

/** Those of the names that are methods. */
function methods(object: object, names: readonly string[]): string[] {
  return names.filter((name) => typeof (object as Record<string, unknown>)[name] === 'function')
}

export const environApps: Applications = {
  environ,

  /** What the wsgi.* objects can do. */
  objects(given, startResponse) {
    const stream = given['wsgi.input']
    const rest = [Buffer.alloc(10, 'x')]
    const wrapped = given['wsgi.file_wrapper']({ read: () => rest.pop() }, 3)
    return answer(startResponse, {
      errors: methods(given['wsgi.errors'], ['flush', 'write', 'writelines']),
      input: [
        ...methods(stream, ['read', 'readline', 'readlines']),
        ...(typeof stream[Symbol.iterator] === 'function' ? ['__iter__'] : []),
      ],
      fileWrapper: typeof given['wsgi.file_wrapper'] === 'function',
      wrapped: Buffer.concat([...wrapped]).toString(),
      empty: [stream.read().toString(), stream.read(5).toString(), stream.readline().toString()],
    })
  },

  /** Changes its environ; says whether it is one that it has seen (all are kept, so that none can come again by chance). */
  fresh(given, startResponse) {
    const again = seen.includes(given)
    seen.push(given)
    const marked = 'test.mark' in given
    const open = given as Record<string, unknown>
    open['test.mark'] = {}
    try {
      ;(given['wsgi.version'] as unknown as number[])[0] = 2
    } catch {
      // It cannot be changed: as well.
    }
    open['wsgi.version'] = 'changed'
    open['HTTP_HOST'] = 'changed'
    for (const key of Object.keys(open)) delete open[key]
    return answer(startResponse, { again, marked })
  },
}
