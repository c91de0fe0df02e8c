import { existsSync } from 'node:fs'
import { PlaitError } from '../../errors.ts'
import { mountSegments } from '../../resources/mount-tree.ts'
import { absolutePath } from '../values.ts'
import { classTarget, scriptsTarget, scriptTarget } from './code-targets.ts'
import type { Mount, Target } from './target.ts'
import { cgiTarget, filesTarget, usersTarget } from './file-targets.ts'
import { redirectTarget, upstreamTarget, wsgiTarget } from './targets.ts'

/** A kind of target that begins with a word. */
export interface TargetKind {
  readonly word: string
  /** For messages and the manual. */
  readonly form: string
  readonly help: string
  /** @param rest what stands behind the colon */
  readonly read: (rest: string) => Target
}

const upstream = { form: 'http://HOST:PORT[/BASE]', help: 'another server, with its WebSockets. https:// likewise' }

/** The kinds, in the order of the manual; everything else is a path. */
export const targetKinds: readonly TargetKind[] = [
  { word: 'wsgi', form: 'wsgi:NAME', help: 'a WSGI application, named as for --wsgi', read: wsgiTarget },
  { word: 'http', ...upstream, read: (rest) => upstreamTarget(`http:${rest}`) },
  { word: 'https', ...upstream, read: (rest) => upstreamTarget(`https:${rest}`) },
  {
    word: 'unix',
    form: 'unix:SOCKET[:/BASE]',
    help: 'another server, by its UNIX socket',
    read: (rest) => upstreamTarget(`unix:${socketPath(rest)}`),
  },
  {
    word: 'users',
    form: 'users:public_html',
    help: "that directory of each user's home, under the user's name",
    read: usersTarget,
  },
  { word: 'redirect', form: 'redirect:URL', help: 'sends clients to another place', read: redirectTarget },
  { word: 'script', form: 'script:FILE', help: 'a script that exports a resource', read: scriptTarget },
  {
    word: 'scripts',
    form: 'scripts:DIR',
    help: 'a directory whose scripts are resources; nothing else in it is served',
    read: scriptsTarget,
  },
  {
    word: 'class',
    form: 'class:MODULE#CLASS',
    help: 'an object of a class of resources, named as for --class',
    read: classTarget,
  },
  { word: 'cgi', form: 'cgi:DIR', help: 'a directory of programs, all of which are run', read: cgiTarget },
  {
    word: 'file',
    form: 'file:PATH',
    help: 'a file or directory whose name looks like something else',
    read: (path) => filesTarget(path),
  },
]

/**
 * Reads `--mount`.
 * @throws PlaitError `PLAIT_CONFIGURATION` that says what is wrong
 */
export function parseMount(text: string): Mount {
  const at = text.indexOf('=')
  if (at < 0) throw wrong(text, 'it must be /PATH=TARGET, like /static=./public')
  const prefix = text.slice(0, at)
  try {
    mountSegments(prefix)
  } catch (error) {
    throw wrong(text, (error as Error).message.replace(/^.*?": /, ''))
  }
  return { prefix, target: parseTarget(text.slice(at + 1), text), said: `--mount ${text}` }
}

function parseTarget(text: string, whole: string): Target {
  if (text.trim() === '') throw wrong(whole, `the target is missing: it is ${forms()}`)
  const [, word = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text) ?? []
  const kind = targetKinds.find((one) => one.word === word)
  if (kind !== undefined) {
    if (rest.trim() === '') throw wrong(whole, `there is nothing behind ${word}:`)
    return kind.read(rest)
  }
  if (!existsSync(absolutePath(text))) refuseLookalike([text, word, rest], whole)
  return filesTarget(text)
}

/** Things that are no paths, though they would be taken for one. */
function refuseLookalike([text, word, rest]: readonly [string, string, string], whole: string): void {
  if (/^\d+$/.test(text)) throw wrong(whole, `for a server that listens on this port say http://127.0.0.1:${text}`)
  if (word === '') return
  if (/^wss?$/i.test(word)) throw wrong(whole, `say ${text.replace(/^ws/i, 'http')}: WebSockets pass through`)
  if (/^\d+(\/.*)?$/.test(rest)) throw wrong(whole, `for a server that listens there say http://${text}`)
  throw wrong(whole, `there is no kind of target "${word}". It is ${forms()}`)
}

function forms(): string {
  const all = ['a directory', 'a file', ...new Set(targetKinds.map(({ form }) => form))]
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

/** Only the part before `:/BASE` is a path here. */
function socketPath(rest: string): string {
  const at = rest.indexOf(':/')
  return at < 0 ? absolutePath(rest) : `${absolutePath(rest.slice(0, at))}${rest.slice(at)}`
}

function wrong(text: string, what: string): PlaitError {
  return new PlaitError('PLAIT_CONFIGURATION', `Cannot mount ${JSON.stringify(text)}: ${what}`)
}
