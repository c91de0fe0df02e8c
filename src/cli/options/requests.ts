import { defaults } from '../../defaults.ts'
import { parseField, parseForwardedFields, parseSize, parseText, parseTrustProxy } from '../values.ts'
import type { OptionSpec } from './option-spec.ts'

const REQUESTS = 'Requests and responses'

/** What holds for all requests and responses. */
export const requestOptions: readonly OptionSpec[] = [
  {
    flags: '--max-body <size>',
    group: REQUESTS,
    env: 'PLAIT_MAX_BODY',
    parse: parseSize,
    default: '1G',
    help: 'largest request body, like 10M; a larger one gets 413. 0 is no limit',
  },
  {
    flags: '--request-body <mode>',
    group: REQUESTS,
    env: 'PLAIT_REQUEST_BODY',
    choices: ['buffer', 'stream'],
    default: `${defaults.requestBody} for applications, stream for servers`,
    help: 'pass a request on when its whole body is here (buffer), or at once (stream)',
  },
  {
    flags: '--temp-dir <directory>',
    group: REQUESTS,
    env: 'PLAIT_TEMP_DIR',
    parse: parseText,
    default: "the system's, TMPDIR or /tmp",
    help: 'where bodies above 1M lie until their requests are over: in a private folder that is removed at the end. Applications have their own: --env TMPDIR=…',
  },
  {
    flags: '--max-temp <size>',
    group: REQUESTS,
    env: 'PLAIT_MAX_TEMP',
    parse: parseSize,
    default: 'half of what is free there',
    help: 'how much all of these may be together, like 10G; a request for which there is no room gets 503, or 507 where there never is. 0 is no limit',
  },
  {
    flags: '--max-unsent <size>',
    group: REQUESTS,
    env: 'PLAIT_MAX_UNSENT',
    parse: parseSize,
    default: '256M',
    help: 'how much of all responses together may wait in memory for clients that do not take it; beyond that, those are cut that have taken nothing for the longest time. 0 is no limit',
  },
  {
    flags: '--add-header <name: value>',
    group: REQUESTS,
    env: 'PLAIT_ADD_HEADER',
    parse: parseField,
    repeatable: true,
    help: 'a field for every response that does not set it itself: X-Frame-Options: DENY',
  },
  {
    flags: '--compress',
    group: REQUESTS,
    env: 'PLAIT_COMPRESS',
    help: 'encode responses by zstd, brotli or gzip, as clients ask for it. A secret beside text that a client chooses can leak so (BREACH)',
  },
  {
    flags: '--trust-proxy <proxies>',
    group: REQUESTS,
    env: 'PLAIT_TRUST_PROXY',
    parse: parseTrustProxy,
    repeatable: true,
    default: 'unix',
    help: 'proxies that are believed when they say where a request came from (Forwarded, X-Forwarded-*): addresses, networks, loopback, private, linklocal, unix, or how many there are in front. 0 is nobody',
  },
  {
    flags: '--forwarded-fields <names>',
    group: REQUESTS,
    env: 'PLAIT_FORWARDED_FIELDS',
    parse: parseForwardedFields,
    repeatable: true,
    default: 'all',
    help: 'the fields that these proxies set, like X-Forwarded-For,X-Forwarded-Proto; others of their kind are removed',
  },
  {
    flags: '--no-http2',
    group: REQUESTS,
    env: 'PLAIT_NO_HTTP2',
    help: 'speak HTTP/1.1 only. Otherwise HTTP/2 too: on TLS, and with clients that begin with it',
  },
  {
    flags: '--display-tracebacks',
    group: REQUESTS,
    env: 'PLAIT_DISPLAY_TRACEBACKS',
    help: 'show tracebacks in error pages. They show code and data: for development only',
  },
  {
    flags: '-n, --notracebacks',
    group: REQUESTS,
    help: "does nothing: none are shown unless --display-tracebacks is given. Also twistd's -n: in the foreground, as always",
  },
]
