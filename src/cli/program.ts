import { Command, CommanderError, Option } from 'commander'
import { plaitVersion } from '../version.ts'
import { webOptions, type OptionSpec, type WebOptions } from './options.ts'

/** Exit code of a command line that makes no sense. */
export const USAGE_ERROR = 2

const help = {
  helpWidth: 100,
  optionDescription: ({ description, envVar }: Option): string =>
    envVar === undefined ? description : `${description} [${envVar}]`,
}

/** Makes the program; `web` is called with the options of `plait web`. Nothing is started here. */
export function makeProgram(web: (options: WebOptions) => Promise<void>): Command {
  const program = new Command('plait')
    .description('Serves WSGI applications, and everything beside them, on one port')
    .version(plaitVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureHelp(help)
    .showSuggestionAfterError(true)
  const command = program
    .command('web')
    .description('Serve a WSGI application: plait web --wsgi foo.application')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureHelp(help)
    .allowExcessArguments(false)
  for (const spec of webOptions) command.addOption(makeOption(spec))
  command.addOption(new Option('--host <address>').hideHelp())
  command.action(async ({ host, ...options }: WebOptions & { host?: string }) => {
    if (host !== undefined) throw usage(`unknown option '--host': did you mean --listen ${host}:${options.port ?? 8080}?`)
    await web(options)
  })
  return program
}

function makeOption(spec: OptionSpec): Option {
  const notes = [
    spec.choices?.join(' or '),
    spec.repeatable === true ? 'repeatable' : '',
    spec.default && `default: ${spec.default}`,
  ]
  const note = notes.filter((part) => part !== undefined && part !== '').join('; ')
  const option = new Option(spec.flags, note === '' ? spec.help : `${spec.help} (${note})`).helpGroup(`${spec.group}:`)
  if (spec.choices !== undefined) option.choices(spec.choices)
  if (spec.parse !== undefined) option.argParser(spec.parse as (text: string, before: unknown) => unknown)
  if (spec.env !== undefined) option.env(spec.env)
  return option
}

/** An error in the command line: one line, and exit code 2. */
export function usage(message: string): CommanderError {
  return new CommanderError(USAGE_ERROR, 'plait.usage', `error: ${message}`)
}
