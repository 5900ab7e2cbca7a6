import { SINKS } from './ledger-check.ts'
import type { Endings } from './lives.ts'
import type { Work } from './operator.ts'
import type { Tally } from './producer.ts'
import type { RoughProxy } from './proxy.ts'
import type { Verdict } from './verdict.ts'
import type { Most } from './watch.ts'

export interface SoakReport extends Verdict {
  readonly seconds: number
  readonly bodies: number
  readonly tally: Tally
  readonly endings: Endings
  readonly work: Work
  readonly proxyFaults: RoughProxy['faults']
  readonly outages: Readonly<Record<string, number>>
  readonly conflicts: number
  readonly arrivedLater: number
  /** Readings of the metrics whose books were looked at. */
  readonly readings: number
  /** The largest of any life. */
  readonly most: Most
  /** Log messages of `warn` and above, and how often they came. */
  readonly messages: ReadonlyMap<string, number>
  /** Everything that must not be, one sentence each. */
  readonly violations: readonly string[]
}

/** What the counts say that must not be, and what was to happen and did not. */
export function faultsOf(report: Omit<SoakReport, 'violations'>): string[] {
  const { lost, surplus, tally, endings, work, outages } = report
  const rules: [boolean, string][] = [
    ...SINKS.map((sink): [boolean, string] => [
      lost[sink] > 0,
      `${lost[sink]} acknowledged lines never came to ${sink}.`,
    ]),
    [surplus.file > 0, `${surplus.file} lines are in the files too often.`],
    [surplus.elasticsearch > 0, `${surplus.elasticsearch} lines are in more than one document.`],
    [report.partial > 0, `${report.partial} bodies are in the files in part.`],
    [report.undropped > 0, `${report.undropped} lines of a dropped dataset came to a sink.`],
  ]
  const expected: [number, string][] = [
    [tally.refused.get('spool full') ?? 0, 'the spool was full'],
    [tally.repeats, 'a repeat was recognised'],
    [tally.broken, 'a connection broke'],
    [endings.kills, 'the service was killed'],
    [endings.terms, 'the service was stopped'],
    [endings.rolls, 'one process followed another at once'],
    [work.redrivenRows, 'dead letters were redriven'],
    [work.replayedBatches, 'kept batches were replayed'],
    [report.conflicts, 'documents came once more'],
    [report.arrivedLater, 'a later process delivered a batch'],
    [report.deadLetters.elasticsearch + work.redrivenRows, 'events were refused for good'],
    ...SINKS.map((sink): [number, string] => [outages[sink]!, `the sink ${sink} was down`]),
  ]
  return [
    ...rules.filter(([isViolated]) => isViolated).map(([, sentence]) => sentence),
    ...expected.filter(([count]) => count === 0).map(([, what]) => `It did not happen that ${what}.`),
  ]
}
