import { SINKS } from './ledger-check.ts'
import type { SoakReport } from './report.ts'

/** What was done and found, a row each. */
export function soakTable(report: SoakReport): string {
  const { tally, endings, work, lost, surplus, deadLetters, outages } = report
  const bySink = (counts: Readonly<Record<string, number>>) => SINKS.map(sink => `${sink} ${counts[sink]}`).join(', ')
  const named = (counts: Iterable<[string, number]>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  const rows: [string, string | number][] = [
    ['seconds', report.seconds],
    ['requests', tally.requests],
    ['bodies', report.bodies],
    ['batches acknowledged', report.acknowledgedBatches],
    ['lines acknowledged', report.acknowledgedLines],
    ['acknowledged and lost', bySink(lost)],
    ['too often', `file ${surplus.file}, elasticsearch ${surplus.elasticsearch}`],
    ['bodies in part', report.partial],
    ['repeated to http', report.repeatedToHttp],
    ['stored, 200 lost', report.storedUnanswered],
    ['books looked at', report.readings],
    ['dead letters left', bySink(deadLetters)],
    ['answered 503', named(tally.refused)],
    ['repeats recognised', tally.repeats],
    ['connections broken', tally.broken],
    ['faults of the network', named(Object.entries(report.proxyFaults))],
    ['ends of the service', `kill -9 ${endings.kills}, SIGTERM ${endings.terms}, rolling ${endings.rolls}`],
    ['starts refused', endings.refusedStarts],
    ['outages', bySink(outages)],
    ['came again, known by id', report.conflicts],
    ['lines delivered later', report.arrivedLater],
    ['commands', `${work.commands}, ${work.killed} of them killed`],
    ['redriven', `${work.redrivenRows} rows`],
    ['replayed', `${work.replayedBatches} batches`],
    ['most in one life', named(Object.entries(report.most))],
  ]
  const messages = [...report.messages].map(([text, count]) => `  ${count} x ${text}\n`)
  return `${rows.map(([name, value]) => `${name.padEnd(26)}${value}\n`).join('')}log, warn and above\n${messages.join('')}`
}
