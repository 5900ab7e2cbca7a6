import { SINKS, type SinkName } from './ledger-check.ts'

/** One body that was sent, and what became of its lines. */
export interface Sent {
  readonly lines: number
  /** Of the dataset that the service is told to drop. */
  readonly dropped: boolean
  /** The lives of the service that may have got it. Each stores it once at most, as it knows repeats. */
  readonly lives: Set<number>
  /** The life that acknowledged it first. */
  acknowledgedBy: number | undefined
  /** How often each line arrived, by sink; no more than 255 are counted. */
  readonly arrived: Readonly<Record<SinkName, Uint8Array>>
  /** Lines that are dead letters at the end, by sink. */
  readonly dead: Readonly<Record<SinkName, Set<number>>>
}

export type AllSent = Map<string, Sent>

/** In every record, and so in every event: `t-<writer>-<batch>-<attempt>-<line>-`. */
const LINE_ID = /t-(\d+-\d+-\d+)-(\d+)-/

const bySink = <T>(make: () => T) =>
  Object.fromEntries(SINKS.map(sink => [sink, make()])) as Readonly<Record<SinkName, T>>

export function noteSent(all: AllSent, id: string, lines: number, dropped: boolean): Sent {
  const sent: Sent = {
    lines,
    dropped,
    lives: new Set(),
    acknowledgedBy: undefined,
    arrived: bySink(() => new Uint8Array(lines)),
    dead: bySink(() => new Set<number>()),
  }
  all.set(id, sent)
  return sent
}

/** The body that a line is of, and its number there; undefined where nobody sent it. */
export function findLine(all: AllSent, text: string): { readonly sent: Sent; readonly line: number } | undefined {
  const [, id = '', digits = ''] = LINE_ID.exec(text) ?? []
  const sent = all.get(id)
  return sent && Number(digits) < sent.lines ? { sent, line: Number(digits) } : undefined
}

export function countArrival({ sent, line }: { readonly sent: Sent; readonly line: number }, sink: SinkName): void {
  const counts = sent.arrived[sink]
  counts[line] = Math.min(255, counts[line]! + 1)
}
