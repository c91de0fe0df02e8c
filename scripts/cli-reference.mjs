// Writes docs/reference/cli.md from the option table (built first); with --check, says whether the page is fresh.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { webOptions } = await import(new URL('../dist/cli/options.js', import.meta.url))
const { replacedOptions } = await import(new URL('../dist/cli/options/replaced.js', import.meta.url))
const { targetKinds } = await import(new URL('../dist/cli/tree/parse-mount.js', import.meta.url))
const page = `${root}docs/reference/cli.md`

const head = `# Command line

    plait web --wsgi NAME [options]
    plait web --path DIRECTORY [options]
    plait web --mount /PATH=TARGET --mount /=TARGET [options]
    plait web [--service FILE] [options]

Serves WSGI applications, files and other servers on one port, in the foreground.

An option may also be set by the environment variable that is named with it. What counts is, in this order: the command line, the environment, the default. Of
an option that has one value the last counts. One that may be given several times has a value in each line of its variable; those of the command line
then replace those of the variable. A variable for an option without a value says \`1\`; \`0\`, \`no\`, \`off\` and \`false\` leave it off.

Paths are meant from where you are. \`~/\` is your home directory, also where the shell leaves it as it is.

This page is made from the tables in \`src/cli/options/\` by \`npm run docs\`.

## Exit codes and signals

${table([
  ['Exit code', 'Meaning'],
  ['0', 'stopped in order, also when the signal came before the server had started'],
  ['1', 'could not serve: no Python, the application does not import, the port is taken, a file is not there …'],
  ['2', 'the command line makes no sense'],
])}

${table([
  ['Signal', 'What happens'],
  ['`SIGINT`, `SIGTERM`', 'no more connections are taken, running requests finish (`--graceful-timeout`). A second one cuts'],
  ['`SIGUSR1`', 'the log files are opened anew, after they were moved away'],
  [
    '`SIGUSR2`',
    'a new process with the same command line takes over the listening sockets when it is ready, without a failed request. If it does not get ready, this one goes on',
  ],
  ['`SIGQUIT`', 'the stacks of all threads of all Python processes go to the log'],
  [
    '`SIGHUP`',
    'applications are loaded anew by new processes, without a failed request. When the terminal that shows its log is closed, it stops in order',
  ],
])}
`

/** A table as the formatter leaves it: the first row is the heading. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n')
}

function describe({ flags, help, env, choices, repeatable, default: byDefault }) {
  const facts = [
    choices && `One of: ${choices.map((choice) => `\`${choice}\``).join(', ')}.`,
    byDefault && `Default: ${byDefault}.`,
    env && `Environment: \`${env}\`.`,
    repeatable && 'May be given several times.',
  ].filter(Boolean)
  return `### \`${flags}\`\n\n${help[0].toUpperCase()}${help.slice(1)}.\n${facts.length === 0 ? '' : `\n${facts.join(' ')}\n`}`
}

const kinds = [...new Map(targetKinds.map(({ form, help }) => [form, help]))]
const mounts = `## Mounts

\`--mount /PATH=TARGET\` puts something at a path of its own; the target is made of what stands behind the first \`=\`.

${kinds.map(([form, help]) => `- \`${form}\`: ${help}`).join('\n')}
- anything else: a directory or a file

The longest path that fits wins, whatever the order. What no mount takes is for the one at \`/\`, which \`--wsgi\`, \`--path\` and their like are short for: an application there gets an empty
\`SCRIPT_NAME\`, one at \`/api\` gets \`/api\`. A path is written as in a URL: percent-escapes are decoded, \`%3D\` is an equals sign, a slash at the end says nothing.

All applications share one pool of threads, and run where \`--chdir\` says, with one \`--python\`. For anything else write a [service file](#service-files); [the guide](../guide/09-one-port.md) shows more.

Scripts (\`.rpy.ts\`) in a directory are run below \`--path\`, as in Twisted, and not below \`--mount\`: whoever may write into such a directory may run programs. \`scripts:\` and \`--processor\` say so on purpose.
`
const tail = `## Endpoints

\`--listen\` takes

- \`8080\`, \`127.0.0.1:8080\`, \`[::1]:8080\`, \`localhost:8080\`
- \`tcp:PORT[:interface=ADDRESS][:backlog=N]\`, as Twisted writes it. A colon within a value is \`\\:\`, as in \`tcp:8080:interface=\\:\\:1\`. \`tcp6:\` likewise, for IPv6 only
- \`unix:PATH[:mode=OCTAL][:backlog=N]\`. The socket of a dead process is taken over, that of a living one is not
- \`ssl:PORT[:privateKey=FILE][:certKey=FILE][:extraCertChain=FILE][:dhParameters=FILE][:minVersion=TLSv1.3][:clientCA=FILE][:requestClientCert=optional][:passphraseFile=FILE]\`, also with \`interface\` and
  \`backlog\`: TLS with one certificate, \`server.pem\` when no file is named
- \`tls:DIRECTORY[:port=443]\`: TLS with the PEM files of a directory, chosen by the name that the client asks for
- \`systemd:name=NAME\`, \`systemd:index=N\`: a socket that systemd hands over. \`fd:N\`: a listening socket that the process was started with
- \`haproxy:[trust=ADDRESSES:]ENDPOINT\`: any of them behind a proxy that says who the client is (PROXY protocol, versions 1 and 2)

Certificates are read anew when their files change. Port 0 lets the system choose; the first line of the log tells which. When one of several endpoints cannot be listened on, the others are closed again and the server ends.

When everything listens and all applications are imported, systemd is told (\`Type=notify\`, \`NotifyAccess=all\`).

## Service files

\`--service site.ts\` runs a program of yours and serves what it exports: as default, or as \`site\`, \`resource\` or \`root\`, a [Site](site.md), a resource, a promise of one of them, or a function that gives one and is
called with the reactor. \`listen\`, an endpoint or a list of them, counts when the command line names none. When nothing says what to serve, \`plait.config.ts\` (\`.mts\`, \`.js\`, \`.mjs\`) is taken where you are.

\`\`\`ts
// plait.config.ts
import { File, MountTree, WSGIResource, reactor } from 'plait'

export const listen = '127.0.0.1:8000'
export default new MountTree({
  '/': new WSGIResource(reactor, reactor.getThreadPool(), 'shop.application'),
  '/static': new File('public', { maxAge: 3600 }),
})
\`\`\`

\`reactor\` is the one that runs, and its pool has the size that \`--threads\` and \`--processes\` say. The file does not call \`reactor.run()\`. A Site has its own settings: the options about requests and the access log are for
resources. With \`--uid\` the file is run as that user, after the ports are bound: it then exports a resource, and \`listen\` does not count.

## What \`twistd\` has and Plait has not

${replacedOptions.map(({ flags, answer }) => `- \`${flags}\`: ${answer}`).join('\n')}
`
const groups = [...new Set(webOptions.map(({ group }) => group))]
const text = [
  head,
  ...groups.flatMap((group) => [`## ${group}\n`, ...webOptions.filter((option) => option.group === group).map(describe)]),
  mounts,
  tail,
].join('\n')

if (!process.argv.includes('--check')) writeFileSync(page, text)
else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/reference/cli.md is not what the option table says: run npm run docs\n')
  process.exitCode = 1
}
