import type { Command } from 'commander'

/**
 * Adds to the message about an unknown option what may have been meant: an option that it abbreviates, or one of the command that stands behind it.
 * commander itself tells of names that are written alike.
 */
export function withHint(message: string, { command, isProgram }: { command: Command; isProgram: boolean }): string {
  const [, name] = /^error: unknown option '(--?[^'=]+)/.exec(message) ?? []
  if (name === undefined || message.includes('Did you mean')) return message
  const longs = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
  const meant = longs.filter((long) => long.startsWith(name) && name.length > 3)
  if (isProgram && (longs.includes(name) || meant.length > 0)) {
    return `${message}(Options of plait web stand behind the command: plait web ${name})\n`
  }
  if (meant.length === 0) return message
  return `${message}(Did you mean ${meant.length === 1 ? '' : 'one of '}${meant.join(', ')}?)\n`
}
