/** One option of `plait web`. Parsing, help, environment names and `docs/reference/cli.md` come from rows of this kind alone. */
export interface OptionSpec {
  /** `--threads <n>`, as commander reads it. */
  readonly flags: string
  readonly group: string
  readonly help: string
  /** The default in words. */
  readonly default?: string
  /** Environment variable that sets it. */
  readonly env?: string
  readonly choices?: readonly string[]
  /** May be given several times. */
  readonly repeatable?: boolean
  /** It says what is served at `/`. */
  readonly root?: boolean
  readonly parse?: (text: string, before: never) => unknown
}
