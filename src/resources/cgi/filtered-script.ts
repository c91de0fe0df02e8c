/** A script that another program reads (Twisted: `twisted.web.twcgi.FilteredScript`). */
import { PlaitError } from '../../errors.ts'
import type { Request } from '../../http/request.ts'
import type { CGIOptions } from './cgi-settings.ts'
import { CGIScript } from './cgi-script.ts'
import type { ScriptProgram } from './cgi-script.ts'

/** Options of {@link FilteredScript}. */
export interface FilteredScriptOptions extends CGIOptions {
  /** The interpreter: a path, or a name that is looked for in `PATH`; as a list with its own arguments. A subclass may set it as a property. */
  filter?: string | readonly string[]
}

/**
 * Runs an interpreter with a file as its argument: PHP by `php-cgi`, Perl, or any other. The file itself need not be executable.
 *
 *     new File('public', { processors: { '.php': (path) => new FilteredScript(path, { filter: 'php-cgi' }) } })
 *
 * A query is never given as arguments: the interpreter would take them for its own.
 */
export class FilteredScript extends CGIScript {
  filter: string | readonly string[] | undefined

  /** @throws PlaitError `PLAIT_CONFIGURATION` for options that make no sense */
  constructor(file: string, options: FilteredScriptOptions = {}) {
    super(file, options)
    this.filter = options.filter
  }

  protected override get runsFile(): boolean {
    return false
  }

  protected override programFor(_request: Request): ScriptProgram {
    const [program, ...words] = typeof this.filter === 'string' ? [this.filter] : (this.filter ?? [])
    if (program === undefined) {
      throw new PlaitError(
        'PLAIT_CONFIGURATION',
        `Cannot run ${this.path}: its FilteredScript has no filter. Give the path of an interpreter`,
      )
    }
    // php-cgi runs nothing without it: it must be sure that a server and no client chose the file.
    return { program, words: [...words, this.path], variables: { REDIRECT_STATUS: '200' } }
  }
}
