/** wsgi.file_wrapper: PEP 3333, "Optional Platform-Specific File Handling". */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib'
import type { Environ, FileLike, OpenFile } from 'plait'
import { note, pattern, query, text, type Applications } from './registry.ts'

type Given = FileLike | OpenFile
const SIZE = 300_000

/** A new file with the pattern, in a folder of its own. */
function stored(folder: string, content: Uint8Array | string = pattern(SIZE)): string {
  const file = path.join(mkdtempSync(path.join(folder, 'file-')), 'content')
  writeFileSync(file, content)
  return file
}

function opened(file: string, flags = 'r', position?: number): OpenFile {
  const fd = openSync(file, flags)
  return { fd, ...(position === undefined ? {} : { position }), close: () => closeSync(fd) }
}

/** Its descriptor and close() are on the prototype. */
class Descriptor implements OpenFile {
  readonly #fd: number
  constructor(fd: number) {
    this.#fd = fd
  }
  get fd(): number {
    return this.#fd
  }
  close(): void {
    closeSync(this.#fd)
  }
}

/** Bytes with a read(). */
class Memory implements FileLike {
  #rest: Buffer
  constructor(content: Buffer) {
    this.#rest = content
  }
  read(size: number): Buffer {
    const block = this.#rest.subarray(0, size)
    this.#rest = this.#rest.subarray(size)
    return block
  }
  close(): void {
    this.#rest = Buffer.alloc(0)
  }
}

function onlyRead(content: Buffer): FileLike {
  const memory = new Memory(content)
  return { read: (size) => memory.read(size) }
}

function offset(folder: string): OpenFile {
  const file = opened(stored(folder), 'r', 1000)
  // Where the descriptor stands is another matter.
  readSync(file.fd, Buffer.alloc(5000))
  return file
}

function replaced(folder: string): OpenFile {
  const name = stored(folder)
  const file = opened(name)
  renameSync(stored(folder, 'another file'), name)
  return file
}

function unlinked(folder: string): OpenFile {
  const name = stored(folder)
  const file = opened(name)
  unlinkSync(name)
  return file
}

/** Made for this response, read and written by the same descriptor, on no path. */
function temporary(folder: string): OpenFile {
  const name = stored(folder, '')
  const file = opened(name, 'w+')
  unlinkSync(name)
  writeSync(file.fd, pattern(SIZE))
  return file
}

/** Its file goes with it. */
function named(folder: string): OpenFile {
  const name = stored(folder)
  const fd = openSync(name, 'r')
  return {
    fd,
    close: () => {
      closeSync(fd)
      unlinkSync(name)
    },
  }
}

const files: Readonly<Record<string, (folder: string) => Given | Promise<Given>>> = {
  real: (folder) => opened(stored(folder)),
  small: (folder) => opened(stored(folder, 'small')),
  nothing: (folder) => opened(stored(folder, '')),
  raw: (folder) => new Descriptor(openSync(stored(folder), 'r')),
  random: (folder) => opened(stored(folder), 'r+'),
  handle: (folder) => open(stored(folder)),
  offset,
  beyond: (folder) => opened(stored(folder, 'small'), 'r', 100),
  unlinked,
  temporary,
  named,
  gzip: (folder) => new Memory(gunzipSync(readFileSync(stored(folder, gzipSync(pattern(SIZE)))))),
  'zip-deflated': (folder) => new Memory(inflateRawSync(readFileSync(stored(folder, deflateRawSync(pattern(SIZE)))))),
  bytesio: () => new Memory(pattern(SIZE)),
  relative: (folder) => opened(path.relative('.', stored(folder))),
  replaced,
  'only-read': () => onlyRead(pattern(SIZE)),
  async closed(folder) {
    const handle = await open(stored(folder))
    await handle.close()
    return handle
  },
  'no-bytes': () => ({ read: () => 5 as never }),
  'write-only': (folder) => opened(stored(folder), 'a'),
  directory: (folder) => opened(folder),
}

async function fileOf({ fifo, kind, folder }: Record<string, string>): Promise<Given> {
  return fifo === undefined ? (files[kind as string] as (place: string) => Given)(folder as string) : opened(fifo)
}

function countClose(environ: Environ, file: Given): Given {
  const close = file.close?.bind(file)
  return Object.assign(file, {
    close: () => {
      note(environ, 'close')
      return close?.()
    },
  })
}

export const fileApps: Applications = {
  async file(environ, startResponse) {
    const asked = query(environ)
    const file = await fileOf(asked)
    const { length, line = '200 OK', block } = asked
    startResponse(line, length === undefined ? text() : [...text(), ['Content-Length', length]])
    if ('count' in asked) countClose(environ, file)
    const wrap = environ['wsgi.file_wrapper']
    return block === undefined ? wrap(file) : wrap(file, Number(block))
  },

  /** The wrapper inside of something else: only its iteration counts. */
  *'file-iterated'(environ, startResponse) {
    startResponse('200 OK', text())
    const wrapper = environ['wsgi.file_wrapper'](opened(stored(query(environ)['folder'] as string)), 1000)
    yield 'before '
    yield* wrapper
    wrapper.close()
  },

  'file-without-start'(environ) {
    const file = countClose(environ, opened(stored(query(environ)['folder'] as string)))
    return environ['wsgi.file_wrapper'](file)
  },

  'file-written'(environ, startResponse) {
    startResponse('200 OK', text())(Buffer.from('before '))
    return environ['wsgi.file_wrapper'](opened(stored(query(environ)['folder'] as string)))
  },
}
