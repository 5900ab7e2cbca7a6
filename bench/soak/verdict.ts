import { SINKS, type SinkName } from './ledger-check.ts'
import type { AllSent, Sent } from './sent.ts'

/** What is wrong with the lines of all bodies at the end, and what may be, in numbers. */
export interface Verdict {
  readonly acknowledgedBatches: number
  readonly acknowledgedLines: number
  /** Acknowledged lines that are neither delivered nor a dead letter, by sink. */
  readonly lost: Readonly<Record<SinkName, number>>
  /** Arrivals beyond what may be: in files one for each life that may have stored the body, in documents one. */
  readonly surplus: Readonly<Record<'file' | 'elasticsearch', number>>
  /** Bodies of which some lines are in files more often than others. */
  readonly partial: number
  /** Lines of a dropped dataset that arrived somewhere or are dead letters. */
  readonly undropped: number
  readonly deadLetters: Readonly<Record<SinkName, number>>
  /** Lines that the HTTP service got more than once, as at least once allows. */
  readonly repeatedToHttp: number
  /** Stored although their 200 did not come through. */
  readonly storedUnanswered: number
}

export function weigh(all: AllSent): Verdict {
  const lost = { file: 0, elasticsearch: 0, http: 0 }
  const deadLetters = { file: 0, elasticsearch: 0, http: 0 }
  const surplus = { file: 0, elasticsearch: 0 }
  const sum = { acknowledgedBatches: 0, acknowledgedLines: 0, partial: 0, undropped: 0, repeatedToHttp: 0 }
  let storedUnanswered = 0
  for (const sent of all.values()) {
    for (const sink of SINKS) deadLetters[sink] += sent.dead[sink].size
    const { file, elasticsearch, http } = sent.arrived
    if (sent.dropped) {
      sum.undropped += SINKS.reduce((total, sink) => total + arrivals(sent, sink) + sent.dead[sink].size, 0)
    }
    if (sent.acknowledgedBy !== undefined) {
      sum.acknowledgedBatches += 1
      sum.acknowledgedLines += sent.lines
      if (!sent.dropped) for (const sink of SINKS) lost[sink] += missing(sent, sink)
    } else if (arrivals(sent, 'file') > 0) storedUnanswered += 1
    surplus.file += beyond(file, sent.lives.size)
    surplus.elasticsearch += beyond(elasticsearch, 1)
    sum.repeatedToHttp += beyond(http, 1)
    if (sent.dead.file.size === 0 && file.some(count => count !== file[0])) sum.partial += 1
  }
  return { ...sum, lost, surplus, deadLetters, storedUnanswered }
}

const arrivals = (sent: Sent, sink: SinkName): number => sent.arrived[sink].reduce((total, count) => total + count, 0)

const missing = (sent: Sent, sink: SinkName): number =>
  sent.arrived[sink].reduce((total, count, line) => total + (count === 0 && !sent.dead[sink].has(line) ? 1 : 0), 0)

const beyond = (counts: Uint8Array, most: number): number =>
  counts.reduce((total, count) => total + Math.max(0, count - most), 0)
