/**
 * @param {readonly number[]} values
 * @returns {number} NaN of nothing
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}

/**
 * One row for each server: the medians over the rounds, the errors added up.
 * @param {readonly import('./measure.mjs').Measurement[]} rounds
 * @returns {import('./measure.mjs').Measurement}
 */
export function summarize(rounds) {
  const of = (/** @type {keyof import('./measure.mjs').Measurement} */ key) => median(rounds.map((round) => round[key]))
  return {
    rate: of('rate'),
    p50: of('p50'),
    p99: of('p99'),
    cpu: of('cpu'),
    pss: of('pss'),
    errors: rounds.reduce((sum, round) => sum + round.errors, 0),
    loaderCores: of('loaderCores'),
    otherCores: of('otherCores'),
  }
}

/** @param {readonly string[]} heading @param {readonly (readonly string[])[]} rows @returns {string} */
export function markdownTable(heading, rows) {
  const widths = heading.map((text, column) => Math.max(text.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? `${'-'.repeat(width + 2)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(heading), rule, ...rows.map(line)].join('\n')
}

const heading = ['server', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', 'PSS MiB', 'errors', 'req/s ÷ Plait', 'CPU ÷ Plait']

/**
 * The table of one case.
 * @param {ReadonlyMap<string, import('./measure.mjs').Measurement>} results by server
 * @returns {string}
 */
export function caseTable(results) {
  const plait = results.get('plait')
  const rows = [...results].map(([name, result]) => [
    name,
    result.rate.toFixed(result.rate < 100 ? 1 : 0),
    (result.p50 / 1000).toFixed(2),
    (result.p99 / 1000).toFixed(2),
    result.cpu.toFixed(result.cpu < 100 ? 1 : 0),
    mebibytes(result.pss),
    String(result.errors),
    plait === undefined ? '–' : (result.rate / plait.rate).toFixed(2),
    plait === undefined ? '–' : (result.cpu / plait.cpu).toFixed(2),
  ])
  return [markdownTable(heading, rows), ...notes(results)].join('\n')
}

/** What a reader must know to trust the figures. @param {ReadonlyMap<string, import('./measure.mjs').Measurement>} results */
function notes(results) {
  const limited = [...results].filter(([, result]) => result.loaderCores > 0.9).map(([name]) => name)
  const disturbed = [...results]
    .filter(([, result]) => result.otherCores > 0.1)
    .map(([name, r]) => `${name} ${r.otherCores.toFixed(2)}`)
  return [
    ...(limited.length > 0 ? ['', `The loader was the limit (more than 0.9 of a core): ${limited.join(', ')}.`] : []),
    ...(disturbed.length > 0 ? ['', `Disturbed, cores used by other processes meanwhile: ${disturbed.join(', ')}.`] : []),
  ]
}

/** @param {number} bytes */
export function mebibytes(bytes) {
  return (bytes / 1024 ** 2).toFixed(1)
}
