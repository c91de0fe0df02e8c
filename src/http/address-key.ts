/** What counts as one address: of IPv6 the network of 64 bits, which is what one client is given (RFC 6177). IPv4 in IPv6 is IPv4. */
export function addressKey(host: string): string {
  if (!host.includes(':')) return host
  const [address = ''] = host.toLowerCase().split('%', 1)
  const mapped = /^(?:0*:)*(?::|0+:)?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  if (mapped !== null) return mapped[1] as string
  const [front = '', back = ''] = address.split('::', 2)
  const groups = front === '' ? [] : front.split(':')
  if (address.includes('::')) {
    const behind = back === '' ? [] : back.split(':')
    const length = behind.length + (back.includes('.') ? 1 : 0)
    while (groups.length + length < 8) groups.push('0')
    groups.push(...behind)
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
