/**
 * What `plait` is in an application's thread. A module that makes a server and has an application in it is loaded here too, for the application alone: so every
 * name is there, can be called, subclassed and asked for more, and does nothing. No second server starts, and none of its modules are loaded.
 */

/** Something that is whatever one takes it for. */
function makeInert(): object {
  const itself: object = new Proxy(function Inert() {}, {
    get(target, name, receiver) {
      // No promise: `await reactor.run()` goes on at once.
      if (name === 'then') return undefined
      if (name === 'prototype' || typeof name === 'symbol') return Reflect.get(target, name, receiver) as unknown
      return inert
    },
    apply: () => inert,
    set: () => true,
    construct(target, given, newTarget) {
      const made = Reflect.construct(target, given, newTarget) as object
      return new Proxy(made, {
        get: (object, name, receiver) =>
          name in object || typeof name === 'symbol' || name === 'then'
            ? (Reflect.get(object, name, receiver) as unknown)
            : inert,
      })
    },
  })
  return itself
}

const inert = makeInert()

/** The names that mean something here all the same. */
const meaningful: Readonly<Record<string, unknown>> = {
  wsgiApplication: (_meta: unknown, application: unknown) => application,
}

/** The module `plait`, and all of its parts. */
export const inertPlait: Record<string, unknown> = new Proxy(
  { ...meaningful },
  {
    get: (target, name) => (name === 'then' ? undefined : typeof name === 'string' && name in target ? target[name] : inert),
    has: () => true,
  },
)
