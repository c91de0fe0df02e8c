/** Name and password as HTTP's Basic scheme carries them. They are what the client says: nobody has checked them. */
export interface BasicUser {
  readonly user: string
  readonly password: string
}

const nobody: BasicUser = { user: '', password: '' }

/** Reads an Authorization field (RFC 7617). Empty names for what is missing or broken. Bytes that are no UTF-8 are read as latin-1, as clients disagree. */
export function basicUser(authorization: string | undefined): BasicUser {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return nobody
  const bytes = Buffer.from(encoded, 'base64')
  const utf8 = bytes.toString('utf8')
  const text = utf8.includes('\ufffd') ? bytes.toString('latin1') : utf8
  // A name has no colon, a password may have some (section 2).
  const colon = text.indexOf(':')
  return colon < 0 ? nobody : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
