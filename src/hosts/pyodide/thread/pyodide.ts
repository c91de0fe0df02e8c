/** The little that we use of Pyodide and of the file system in it (Emscripten's). */

/** A Python object, seen from JavaScript. */
export interface PythonObject {
  getBuffer(type: 'u8'): { readonly data: Uint8Array }
}

/** `plait_host.worker_thread` */
export interface ThreadModule {
  readonly incoming: PythonObject
  readonly outgoing: PythonObject
  readonly Thread: (settings: string) => {
    /** @returns a report of the import, as JSON */
    load(): string
    run(id: number, count: number, size: number, body: number, bodySize: number): void
  }
}

/** A file or folder. */
export interface FileNode {
  name: string
  mode: number
  parent: FileNode
  mount: { readonly opts: { readonly root: string } }
  node_ops: object
  stream_ops: object
  /** Ours: just created. */
  fresh?: boolean
}

/** An open file. `nfd`: the host's descriptor, where it is a file of the host. */
export interface FileStream {
  node: FileNode
  flags: number
  nfd?: number
  seekable: boolean
  shared: { refcount: number }
}

/** The file system. */
export interface FileSystem {
  readonly filesystems: { readonly NODEFS: NodeFiles }
  readonly ErrnoError: new (errno: number) => Error
  createNode(parent: FileNode | null, name: string, mode: number): FileNode
  mkdirTree(path: string): void
  symlink(to: string, path: string): void
  analyzePath(path: string): { readonly exists: boolean }
  mount(type: object, options: { root: string }, path: string): void
  getStream(descriptor: number): FileStream | undefined
}

/** Emscripten's file system over the host's. */
export interface NodeFiles {
  readonly node_ops: Readonly<Record<string, (...given: never[]) => unknown>>
  readonly stream_ops: Readonly<Record<string, (...given: never[]) => unknown>>
  realPath(node: FileNode): string
  tryFSOperation<T>(operation: () => T): T
}

/** What `loadPyodide` gives. */
export interface Pyodide {
  readonly FS: FileSystem
  readonly ERRNO_CODES: Readonly<Record<string, number>>
  runPython(code: string): unknown
  makeMemorySnapshot(): Uint8Array
  pyimport(name: string): unknown
  registerJsModule(name: string, module: object): void
  setInterruptBuffer(buffer: Uint8Array): void
  setStdin(options: { stdin: () => string | null }): void
  setStdout(options: { write: (bytes: Uint8Array) => number }): void
  setStderr(options: { write: (bytes: Uint8Array) => number }): void
}
