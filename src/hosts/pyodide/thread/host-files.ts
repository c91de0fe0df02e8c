/** Folders of the machine in the file system of Python: Emscripten's NODEFS, read-only where it has to be, and with pipes. */
import { constants, fstatSync, lstatSync, readSync } from 'node:fs'
import path from 'node:path'
import type { FileNode, FileStream, FileSystem, Pyodide } from './pyodide.ts'

/** Emscripten's flags of `open`: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND. */
const WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000
const REFUSED: readonly string[] = ['setattr', 'mknod', 'rename', 'unlink', 'rmdir', 'symlink']

interface Attributes {
  mode?: number | null
}

/** A kind of file system that can be mounted. */
export interface HostFiles {
  mount(mount: { opts: { root: string } }): FileNode
}

/** Files of the machine. In `writable` ones new files get the mode that the process's umask leaves. */
export function hostFiles({ FS, ERRNO_CODES }: Pyodide, writable: boolean): HostFiles {
  const { NODEFS } = FS.filesystems
  const refuse = (): never => {
    throw new FS.ErrnoError(ERRNO_CODES['EROFS'] as number)
  }
  const create = (parent: FileNode | null, name: string, mode: number): FileNode => {
    const node = FS.createNode(parent, name, mode)
    node.node_ops = nodes
    node.stream_ops = streams
    return node
  }
  const lookup = (parent: FileNode, name: string): FileNode =>
    create(parent, name, modeOf(FS, path.join(NODEFS.realPath(parent), name)))
  const nodes: Record<string, unknown> = { ...NODEFS.node_ops, lookup }
  const streams: Record<string, unknown> = { ...NODEFS.stream_ops, read: readPipesToo(FS, NODEFS.stream_ops['read'] as Read) }
  if (writable) {
    Object.assign(nodes, creating(FS, create))
  } else {
    for (const name of REFUSED) nodes[name] = refuse
    streams['write'] = streams['msync'] = streams['setattr'] = refuse
    const open = NODEFS.stream_ops['open'] as (stream: FileStream) => void
    streams['open'] = (stream: FileStream) => ((stream.flags & WRITES) === 0 ? open(stream) : refuse())
  }
  return { mount: ({ opts }) => create(null, '/', modeOf(FS, opts.root)) }
}

function modeOf(FS: FileSystem, file: string): number {
  return FS.filesystems.NODEFS.tryFSOperation(() => lstatSync(file).mode)
}

/** Emscripten sets the mode of a new file as `open` was given it, without a umask. */
function creating(FS: FileSystem, create: (parent: FileNode, name: string, mode: number) => FileNode): object {
  const { node_ops } = FS.filesystems.NODEFS
  const mknod = node_ops['mknod'] as unknown as (...given: unknown[]) => void
  const setattr = node_ops['setattr'] as unknown as (node: FileNode, attributes: Attributes) => void
  return {
    mknod(parent: FileNode, name: string, mode: number, device: number): FileNode {
      mknod(parent, name, mode, device)
      const node = create(parent, name, mode)
      node.fresh = (mode & constants.S_IFMT) === constants.S_IFREG
      return node
    },
    setattr(node: FileNode, attributes: Attributes): void {
      const { mode } = attributes
      const masked =
        node.fresh === true && typeof mode === 'number' ? { ...attributes, mode: mode & ~process.umask() } : attributes
      node.fresh = false
      setattr(node, masked)
    },
  }
}

type Read = (stream: FileStream, buffer: Uint8Array, offset: number, length: number, position: number) => number

/** A pipe has no positions to read at. */
function readPipesToo(FS: FileSystem, read: Read): Read {
  return (stream, buffer, offset, length, position) => {
    if ((stream.node.mode & constants.S_IFMT) !== constants.S_IFIFO) return read(stream, buffer, offset, length, position)
    return FS.filesystems.NODEFS.tryFSOperation(() => readSync(stream.nfd as number, buffer, offset, length, null))
  }
}

/** The host's descriptor of a file that Python has open; undefined for one that is not the host's, or no plain file. */
export function hostDescriptor(FS: FileSystem, descriptor: number): number | undefined {
  const nfd = FS.getStream(descriptor)?.nfd
  return nfd !== undefined && fstatSync(nfd).isFile() ? nfd : undefined
}
