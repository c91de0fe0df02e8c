/** What applications in a language can be asked for, and what its errors look like. The cases ask for these; everything else is the same everywhere. */

/** What kind of error an application is to get. */
export type ErrorKind = 'TypeError' | 'ValueError' | 'RuntimeError'

/** A way to fail, for the application `raises`. */
export interface Raised {
  /** Stands in the log. */
  readonly shown: string
  /** Name of a function in its trace; undefined for what has no trace. @default the function that raises */
  readonly frame?: string | undefined
}

/** A language in which the applications of the cases are written. */
export interface Language {
  /** Names of its errors. */
  readonly errors: Readonly<Record<ErrorKind, string>>
  /** Kinds of results for the application `result`. */
  readonly results: {
    /** They give `abc`. */
    readonly whole: readonly string[]
    /** They give nothing. */
    readonly empty: readonly string[]
    /** They have one block. */
    readonly onePiece: readonly string[]
    /** They are no results, or have blocks that are none. */
    readonly wrong: readonly string[]
  }
  /** Kinds of files for the application `file`. */
  readonly files: {
    /** They give the pattern of 300,000 bytes. */
    readonly whole: readonly string[]
    /** Regular files on the disk: the server knows their length. */
    readonly regular: readonly string[]
    /** They cannot be read. */
    readonly unreadable: readonly string[]
  }
  /** Kinds of failures for the application `raises`. */
  readonly raised: Readonly<Record<string, Raised>>
  /** Those that are tried after output as well. */
  readonly raisedLate: readonly string[]
  /** A trace in the log that leads to a line of an application, in the function `name`, which is a regular expression. */
  frame(name: string): RegExp
  /** Parts of a trace that are Plait's own affair. */
  readonly innerTrace: RegExp
}
