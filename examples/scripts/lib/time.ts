/** The time in a zone, as people write it there: scripts share this file, and it is not served. */
export function timeIn(zone: string | undefined, now: Date): string {
  try {
    return now.toLocaleTimeString('en-GB', { timeZone: zone })
  } catch {
    return 'late in a zone that nobody knows'
  }
}
