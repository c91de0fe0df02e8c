/**
 * Which of the codings that a server can offer a client takes (RFC 9110 section 12.5.3).
 * @param field the Accept-Encoding field; undefined when there is none: then no coding at all, since such clients often know none
 * @param offered codings in lower case, the server's favourite first
 * @returns those that the client takes, best first: by the client's weight, then by the order of `offered`; codings that it likes
 *   less than `identity` are left out
 */
export function acceptedEncodings<Coding extends string>(field: string | undefined, offered: readonly Coding[]): Coding[] {
  if (field === undefined || field === '') return []
  const weights = weightsOf(field)
  const any = weights.get('*')
  const liking = (coding: string): number =>
    weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? any ?? 0
  // Without a word on it, identity is taken, but after what the client names.
  const identity = weights.get('identity') ?? 0
  return offered.filter((coding) => liking(coding) > 0 && liking(coding) >= identity).toSorted((a, b) => liking(b) - liking(a))
}

/** Weights by coding in lower case; a malformed weight is taken for 0. */
function weightsOf(field: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const element of field.split(',')) {
    const [coding = '', ...parameters] = element.split(';')
    const name = coding.trim().toLowerCase()
    if (name !== '') weights.set(name, weightOf(parameters))
  }
  return weights
}

/** The `q` among the parameters, 1 without one. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    if (parameter.slice(0, Math.max(0, equals)).trim().toLowerCase() !== 'q') continue
    const weight = parameter.slice(equals + 1).trim()
    return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
  }
  return 1
}
