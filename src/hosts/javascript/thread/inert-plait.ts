/**
 * What `plait` is in an application's thread. A module that makes a server and has an application in it is loaded here too, for the application alone: so every
 * name is there, can be called, subclassed and asked for more, and does nothing. No second server starts, and none of its modules are loaded.
 */
import { PlaitError } from '../../../errors.ts'
import { escapeHTML } from '../../../escape-html.ts'
import { transfer } from '../../../transfer.ts'
import { MarkedFunctions } from './marked-functions.ts'

/** What is asked of something inert by the language itself. */
const asked: Readonly<Record<symbol, unknown>> = {
  // In a text it is nothing, in a sum 0.
  [Symbol.toPrimitive]: (hint: string) => (hint === 'number' ? 0 : ''),
  [Symbol.iterator]: () => [].values(),
  [Symbol.asyncIterator]: async function* nothing() {},
  [Symbol.toStringTag]: 'Inert',
}

function ask(target: object, name: string | symbol, receiver: unknown): unknown {
  if (typeof name === 'symbol' && name in asked) return asked[name]
  // No promise: `await reactor.run()` goes on at once.
  if (name === 'then') return undefined
  if (typeof name === 'symbol' || name in target) return Reflect.get(target, name, receiver) as unknown
  return inert
}

/** Something that is whatever one takes it for. */
const inert: object = new Proxy(function Inert() {}, {
  get: (target, name, receiver) =>
    name === 'prototype'
      ? (target as { prototype: unknown }).prototype
      : name === 'name'
        ? 'Inert'
        : ask(noMembers, name, receiver),
  apply: () => inert,
  set: () => true,
  construct: (target, given, newTarget) => new Proxy(Reflect.construct(target, given, newTarget) as object, { get: ask }),
})

const noMembers: object = Object.create(null) as object

/** The functions that modules of this thread have marked. */
export const markedFunctions: MarkedFunctions = new MarkedFunctions()

/** The names that mean something here all the same. */
const meaningful: Readonly<Record<string, unknown>> = {
  PlaitError,
  escapeHTML,
  transfer,
  wsgiApplication: (meta: { url: string }, application: unknown) => markedFunctions.add(meta.url, application),
}

/** The module `plait`, and all of its parts. */
export const inertPlait: Record<string, unknown> = new Proxy(
  { ...meaningful },
  {
    get: (target, name) => (name === 'then' || typeof name === 'symbol' ? undefined : name in target ? target[name] : inert),
    has: () => true,
  },
)
