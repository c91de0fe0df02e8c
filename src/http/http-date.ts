const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const FIXDATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const RFC850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/

/**
 * Reads a date of HTTP in any of its three forms (RFC 9110 section 5.6.7). Not `Date.parse`: it takes much else, and local time.
 * @returns whole seconds since 1970; undefined for what is no such date
 */
export function parseHTTPDate(text: string): number | undefined {
  const fixed = FIXDATE.exec(text)
  if (fixed !== null) return secondsOf(Number(fixed[3]), fixed[2], fixed[1], fixed.slice(4, 7))
  const old = RFC850.exec(text)
  if (old !== null) return secondsOf(fullYear(Number(old[3])), old[2], old[1], old.slice(4, 7))
  const unix = ASCTIME.exec(text)
  return unix === null ? undefined : secondsOf(Number(unix[6]), unix[1], unix[2], unix.slice(3, 6))
}

/** Two digits: a year that seems to be more than 50 years ahead is the last one with these digits. */
function fullYear(digits: number): number {
  const now = new Date().getUTCFullYear()
  const year = now - (now % 100) + digits
  return year > now + 50 ? year - 100 : year
}

function secondsOf(year: number, month = '', day = '', time: readonly string[] = []): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map(Number)
  const index = months.indexOf(month)
  if (index < 0 || hour > 23 || minute > 59 || second > 60) return undefined
  const date = Date.UTC(year, index, Number(day), hour, minute, second)
  // The 31st of November is no day. (A leap second may be the next one.)
  return new Date(Date.UTC(year, index, Number(day))).getUTCMonth() === index && Number(day) > 0 ? date / 1000 : undefined
}
