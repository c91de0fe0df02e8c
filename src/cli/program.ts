import { Command, Option } from 'commander'
import { plaitVersion } from '../version.ts'
import { webOptions, type WebOptions } from './options.ts'
import type { OptionSpec } from './options/option-spec.ts'
import { replacedOptions } from './options/replaced.ts'
import { withHint } from './unknown-option.ts'
import { usage } from './usage.ts'

const help = { helpWidth: 100, optionDescription: ({ description }: Option): string => description }

/** What stands below the options. */
const more = `
Most options have an environment variable too: PLAIT_MAX_BODY for --max-body. The command line
wins. More in docs/reference/cli.md and docs/guide/.`

/** What an environment variable may say to leave an option off that has no value. */
const OFF = /^(?:|0|no|off|false)$/i

/** Makes the program; `web` is called with the options of `plait web`. Nothing is started here. */
export function makeProgram(web: (options: WebOptions) => Promise<void>): Command {
  const program = new Command('plait')
    .description('Serves WSGI applications, files and other servers on one port')
    .version(plaitVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp(help)
    .showSuggestionAfterError(true)
    .addOption(new Option('-n, --nodaemon').hideHelp())
  const command = program
    .command('web')
    .description('serve: plait web --wsgi foo.application')
    .usage('(--wsgi NAME | --path DIR | --mount /PATH=TARGET …) [options]')
    .version(plaitVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureHelp(help)
    .addHelpText('after', more)
    .allowExcessArguments(false)
  program.configureOutput({ outputError: (text, write) => write(withHint(text, { command, isProgram: true })) })
  command.configureOutput({ outputError: (text, write) => write(withHint(text, { command, isProgram: false })) })
  const roots: string[] = []
  for (const spec of webOptions) addOption(command, spec, roots)
  for (const { flags, answer } of replacedOptions) {
    const option = new Option(flags).hideHelp()
    command.addOption(option)
    command.on(`option:${option.name()}`, () => {
      throw usage(`Plait has no ${option.long ?? option.short}: ${answer}`)
    })
  }
  command.action(async (options: WebOptions) => {
    await web({ ...options, roots: rootsGiven(command, roots) })
  })
  return program
}

/** @param roots gets the names of root options, in the order in which the command line has them */
function addOption(command: Command, spec: OptionSpec, roots: string[]): void {
  const notes = [
    spec.choices?.join(' or '),
    spec.repeatable === true ? 'repeatable' : '',
    spec.default && `default: ${spec.default}`,
  ]
  const note = notes.filter((part) => part !== undefined && part !== '').join('; ')
  const text = note === '' ? spec.help : `${spec.help} (${note})`
  const option = new Option(spec.flags, text).helpGroup(`${spec.group}:`)
  if (spec.choices !== undefined) option.choices(spec.choices)
  if (spec.parse !== undefined) option.argParser(spec.parse as (text: string, before: unknown) => unknown)
  const isSwitch = !option.required && !option.optional
  if (spec.env !== undefined && !(isSwitch && OFF.test(process.env[spec.env] ?? ''))) option.env(spec.env)
  command.addOption(option)
  if (spec.root === true) {
    command.on(`option:${option.name()}`, () => {
      const before = roots.indexOf(option.attributeName())
      if (before >= 0) roots.splice(before, 1)
      roots.push(option.attributeName())
    })
  }
}

/** Those of the command line, in its order; without any, those of the environment, in the table's. */
function rootsGiven(command: Command, given: readonly string[]): readonly string[] {
  if (given.length > 0) return given
  return command.options.map((option) => option.attributeName()).filter((name) => isRoot(command, name))
}

function isRoot(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'env' && rootNames.has(name)
}

const rootNames: ReadonlySet<string> = new Set(
  webOptions.filter(({ root }) => root === true).map(({ flags }) => new Option(flags).attributeName()),
)
