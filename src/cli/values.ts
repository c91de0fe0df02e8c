import { availableParallelism, homedir } from 'node:os'
import path from 'node:path'
import { InvalidArgumentError } from 'commander'
import { DefaultFields } from '../http/default-fields.ts'
import { Forwarding, type ForwardingOptions } from '../http/forwarded/forwarding.ts'

const UNITS: Readonly<Record<string, number>> = Object.freeze({ '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 })

/** Reads a size: `1048576`, `64K`, `10M`, `1G`. Bytes. */
export function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMG]?)(?:i?B)?$/i.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('It must be a size like 1048576, 64K, 10M or 1G.')
  return Number(digits) * (UNITS[unit.toUpperCase()] as number)
}

/** Reads a whole number from `least`. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least)) throw new InvalidArgumentError(`It must be a whole number from ${least}.`)
    return value
  }
}

/** Reads seconds, from 0. */
export function parseSeconds(text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.')
  return Number(text)
}

/** Reads a port. */
export function parsePort(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= 65535)) throw new InvalidArgumentError('A port is a whole number from 0 to 65535.')
  return value
}

/** Reads a number of processes; `auto`: one for each core. */
export function parseProcesses(text: string): number {
  return text === 'auto' ? availableParallelism() : parseCount(1)(text)
}

/** Collects `NAME=VALUE`. */
export function parseVariable(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** Collects texts. An environment variable gives several, one in each line. */
export function parseList(text: string, before: readonly string[] = []): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new InvalidArgumentError('It must not be empty.')
  return [...before, ...lines]
}

/** Collects endings of file names; `*` is any. */
export function parseEnding(text: string, before?: readonly string[]): string[] {
  const endings = parseList(text, before)
  if (!endings.every((ending) => ending === '*' || /^\.[^/]+$/.test(ending))) {
    throw new InvalidArgumentError('An ending is written like .html, and * is any.')
  }
  return endings
}

/** Collects `.ext=module#export` by ending. */
export function parseProcessor(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const processors = parseList(text).map((line): [string, string] => {
    const [, ending, reference] = /^(\.[^/=]+)=(.*[^#\s].*)$/.exec(line) ?? []
    if (ending !== undefined && reference !== undefined) return [ending, reference]
    throw new InvalidArgumentError('It must be written like .md=./markdown.ts#Markdown.')
  })
  return { ...before, ...Object.fromEntries(processors) }
}

/** Collects `Name: Value`, as the option `defaultHeaders` of a site wants it. */
export function parseField(text: string, before: Readonly<Record<string, string[]>> = {}): Record<string, string[]> {
  const fields: Record<string, string[]> = { ...before }
  for (const line of parseList(text)) {
    const at = line.indexOf(':')
    if (at < 1) throw new InvalidArgumentError("It must be written like 'X-Frame-Options: DENY'.")
    const [name, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    try {
      void new DefaultFields({ [name]: value })
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message.replace(/^.*?defaultHeaders: /, ''))
    }
    // Names are the same in any case: the first decides how it is written.
    const known = Object.keys(fields).find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
    fields[known] = [...(fields[known] ?? []), value]
  }
  return fields
}

/** Reads permission bits, octal. */
export function parseMode(text: string): number {
  if (!/^(0o?)?[0-7]{1,3}$/.test(text)) throw new InvalidArgumentError('It must be octal, like 027.')
  return Number.parseInt(text.replace(/^0o/, ''), 8)
}

/** Takes a text that is not empty. */
export function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}

/** Takes a media type, with or without parameters. */
export function parseMediaType(text: string): string {
  if (/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[\t\x20-\x7e]*)?$/.test(text)) return text
  throw new InvalidArgumentError('A type is written like text/plain or text/plain; charset=utf-8.')
}

/** An absolute path. Shells do not replace `~` behind `=`. */
export function absolutePath(file: string): string {
  return path.resolve(file.replace(/^~(?=\/|$)/, homedir()))
}

/** What --python names: a path is meant from where the user stands, not from --chdir; a name is looked up on PATH. */
export function interpreterPath(python: string): string {
  return python.includes('/') ? absolutePath(python) : python
}

/** Collects proxies, as the option `trustProxy` of a site wants them. */
export function parseTrustProxy(text: string, before?: readonly string[]): string[] {
  const trustProxy = parseList(text, before)
  return checked(trustProxy, { trustProxy })
}

/** Collects names of fields, as the option `forwardedFields` of a site wants them. */
export function parseForwardedFields(text: string, before?: readonly string[]): string[] {
  const forwardedFields = parseList(text, before).flatMap((line) => line.split(',').map((name) => name.trim()))
  return checked(forwardedFields, { forwardedFields })
}

function checked<Value>(value: Value, options: ForwardingOptions): Value {
  try {
    void new Forwarding(options)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
  return value
}
