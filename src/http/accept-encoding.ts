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
  const weightOf = (coding: string): number =>
    weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? any ?? 0
  // Without a word on it, identity is taken, but after what the client names.
  const identity = weights.get('identity') ?? 0
  return offered
    .filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity)
    .toSorted((a, b) => weightOf(b) - weightOf(a))
}

/** Weights by coding in lower case; a malformed weight is taken for 0. */
function weightsOf(field: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const element of field.split(',')) {
    const [coding = '', ...parameters] = element.split(';')
    const name = coding.trim().toLowerCase()
    if (name === '') continue
    const weight = parameters.map((parameter) => /^\s*q\s*=\s*(.*?)\s*$/i.exec(parameter)?.[1]).find((text) => text !== undefined)
    weights.set(name, weight === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0)
  }
  return weights
}
