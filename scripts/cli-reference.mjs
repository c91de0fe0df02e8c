// Writes docs/reference/cli.md from the option table (built first); with --check, says whether the page is fresh.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { webOptions } = await import(new URL('../dist/cli/options.js', import.meta.url))
const page = `${root}docs/reference/cli.md`

const head = `# Command line

    plait web --wsgi NAME [options]

Serves a WSGI application. Ctrl-C or SIGTERM stops the server: it takes no more connections, running requests finish, and the exit code is 0. A
second one cuts. SIGUSR1 opens the log files anew, after they were moved away.

An option may also be set by the environment variable that is named with it; the command line wins. Exit codes: 0 stopped in order, 1 could not serve (no
Python, the application does not import, the port is taken …), 2 the command line makes no sense.

This page is made from the table in \`src/cli/options.ts\` by \`npm run docs\`.
`

function describe({ flags, help, env, choices, repeatable, default: byDefault }) {
  const facts = [
    choices && `One of: ${choices.map((choice) => `\`${choice}\``).join(', ')}.`,
    byDefault && `Default: ${byDefault}.`,
    env && `Environment: \`${env}\`.`,
    repeatable && 'May be given several times.',
  ].filter(Boolean)
  return `### \`${flags}\`\n\n${help[0].toUpperCase()}${help.slice(1)}.\n${facts.length === 0 ? '' : `\n${facts.join(' ')}\n`}`
}

const groups = [...new Set(webOptions.map(({ group }) => group))]
const tail = `## Endpoints

\`--listen\` takes

- \`8080\`, \`127.0.0.1:8080\`, \`[::1]:8080\`, \`localhost:8080\`
- \`tcp:PORT[:interface=ADDRESS][:backlog=N]\`, as Twisted writes it. A colon within a value is \`\\:\`, as in \`tcp:8080:interface=\\:\\:1\`
- \`unix:PATH[:mode=OCTAL][:backlog=N]\`. The socket of a dead process is taken over, that of a living one is not

Port 0 lets the system choose; the first line of the log tells which. Twisted's other endpoints (\`tcp6\`, \`ssl\`, \`tls\`, \`systemd\`, \`fd\`, \`haproxy\`,
\`stdio\`) are known and not supported yet.
`
const text = [
  head,
  ...groups.flatMap((group) => [`## ${group}\n`, ...webOptions.filter((option) => option.group === group).map(describe)]),
  tail,
].join('\n')

if (!process.argv.includes('--check')) writeFileSync(page, text)
else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/reference/cli.md is not what the option table says: run npm run docs\n')
  process.exitCode = 1
}
