/** Certificates for tests, made by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'

/** A folder that goes with the test. */
export function testFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plait-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs openssl. */
export function openssl(...words: readonly string[]): string {
  return execFileSync('openssl', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A certificate and its key. */
export interface MadeCertificate {
  /** Files, PEM. */
  readonly certKey: string
  readonly privateKey: string
  /** The text of the certificate. */
  readonly cert: string
}

/** What a certificate is for. */
export interface Wanted {
  /** DNS names. @default none */
  readonly names?: readonly string[]
  /** As openssl writes it: `/O=Example/CN=alice`. @default the first name */
  readonly subject?: string
  /** Who signs it. @default it signs itself */
  readonly by?: MadeCertificate
  /** Days from now, -1 for one that has expired. @default 30 */
  readonly days?: number
  /** May it sign others? @default false */
  readonly authority?: boolean
}

let serial = 1

/** Makes `<name>.pem` and `<name>.key.pem` in a folder. */
export function makeCertificate(folder: string, name: string, wanted: Wanted = {}): MadeCertificate {
  const { names = [], subject = `/CN=${names[0] ?? name}`, by, days = 30, authority = false } = wanted
  const file = (ending: string): string => path.join(folder, `${name}${ending}`)
  const [certKey, privateKey, request, extensions] = ['.pem', '.key.pem', '.csr', '.ext'].map(file) as [
    string,
    string,
    string,
    string,
  ]
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', privateKey)
  openssl('req', '-new', '-utf8', '-key', privateKey, '-subj', subject, '-out', request)
  const lines = [`basicConstraints=CA:${authority ? 'TRUE' : 'FALSE'}`]
  if (names.length > 0)
    lines.push(`subjectAltName=${names.map((one) => (/^[\d.]+$/.test(one) ? `IP:${one}` : `DNS:${one}`)).join(',')}`)
  writeFileSync(extensions, lines.join('\n'))
  const signer = by === undefined ? ['-signkey', privateKey] : ['-CA', by.certKey, '-CAkey', by.privateKey]
  openssl(
    'x509',
    '-req',
    '-in',
    request,
    '-days',
    String(days),
    '-set_serial',
    String(serial++),
    '-extfile',
    extensions,
    ...signer,
    '-out',
    certKey,
  )
  for (const one of [request, extensions]) rmSync(one)
  return { certKey, privateKey, cert: readFileSync(certKey, 'utf8') }
}
