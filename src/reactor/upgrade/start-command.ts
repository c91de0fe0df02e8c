import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** How this process was started: looked at before anybody can have changed the directory or the environment. */
const started = Object.freeze({
  directory: directoryAsNamed(),
  environment: { ...process.env },
  words: [...process.execArgv, ...process.argv.slice(1)],
})

/** A command that a process can be started with. */
export interface StartCommand {
  readonly program: string
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * The command that started this process, to be run once more. Names are looked up again: links may lead to another release by now, of the program and of Node. Only what becoming
 * another user has changed stays.
 */
export function startCommand(): StartCommand {
  const { HOME, USER, LOGNAME } = process.env
  return {
    program: currentNode(),
    words: started.words,
    cwd: started.directory,
    env: { ...started.environment, HOME, USER, LOGNAME },
  }
}

/** The directory by the name that the shell knows it by, which a link may be part of. */
function directoryAsNamed(): string {
  const real = process.cwd()
  const { PWD: named } = process.env
  if (named === undefined) return real
  try {
    const [one, other] = [statSync(named), statSync(real)]
    return one.ino === other.ino && one.dev === other.dev ? named : real
  } catch {
    return real
  }
}

/** Where Node is found now by the name that it was called by. */
function currentNode(): string {
  const name = process.argv0
  const places = name.includes('/')
    ? [resolve(started.directory, name)]
    : (started.environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name))
  return places.find(isExecutable) ?? process.execPath
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
