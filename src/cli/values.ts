import { availableParallelism } from 'node:os'
import { InvalidArgumentError } from 'commander'

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

/** Collects texts. */
export function parseList(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** Takes a text that is not empty. */
export function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must not be empty.')
  return text
}
