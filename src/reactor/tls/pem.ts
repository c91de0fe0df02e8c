import { readFileSync } from 'node:fs'
import { PlaitError } from '../../errors.ts'

/** What stands between BEGIN and END, both included. */
export interface PEMBlock {
  /** `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string
  readonly text: string
}

/** The blocks of a PEM file (RFC 7468), in order; what stands around them is no concern. */
export function pemBlocks(text: string): PEMBlock[] {
  const blocks: PEMBlock[] = []
  let label: string | undefined
  let lines: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const [, begins] = /^-----BEGIN ([A-Z0-9 ]+)-----\s*$/.exec(line) ?? []
    if (begins !== undefined) [label, lines] = [begins, []]
    if (label === undefined) continue
    lines.push(line)
    if (line.startsWith(`-----END ${label}-----`)) {
      blocks.push({ label, text: `${lines.join('\n')}\n` })
      label = undefined
    }
  }
  return blocks
}

/** Is it a certificate? */
export function isCertificate({ label }: PEMBlock): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE'
}

/** PKCS #8, and the older forms of RSA and EC. */
export function isPrivateKey({ label }: PEMBlock): boolean {
  return label.endsWith('PRIVATE KEY')
}

/** The error for a file that has not what it should have. */
export function wrongCertificate(file: string, what: string, cause?: unknown): PlaitError {
  return new PlaitError('PLAIT_CERTIFICATE', `Cannot use ${file}: ${what}`, { cause })
}

/**
 * Reads a text file.
 * @throws PlaitError `PLAIT_CERTIFICATE` when it is missing or may not be read
 */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw wrongCertificate(file, explain(error as NodeJS.ErrnoException), error)
  }
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file'
    case 'EACCES':
    case 'EPERM':
      return 'the user that the server runs as may not read it'
    case 'EISDIR':
      return 'it is a directory'
    default:
      return message
  }
}
