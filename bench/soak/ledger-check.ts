export const SINKS = ['file', 'elasticsearch', 'http'] as const
export type SinkName = (typeof SINKS)[number]

/** One reading of the service's metrics: a sum by name, and by name and sink. */
export interface Reading {
  total(name: string, label?: string): number
  of(name: string, sink: SinkName, label?: string): number
}

/** @param text as Prometheus reads it */
export function readingOf(text: string): Reading {
  const rows = text.split('\n').filter(row => row !== '' && !row.startsWith('#'))
  const sum = (name: string, labels: readonly string[]) =>
    rows
      .filter(row => row.startsWith(`${name}{`) || row.startsWith(`${name} `))
      .filter(row => labels.every(label => row.includes(label)))
      .reduce((total, row) => total + Number(row.slice(row.lastIndexOf(' ') + 1)), 0)
  return {
    total: (name, label = '') => sum(name, [label]),
    of: (name, sink, label = '') => sum(name, [`sink="${sink}"`, label]),
  }
}

/** What is wrong in the books of one reading: `received + recovered + redriven + replayed = delivered + filtered + dead + pending`. */
export function imbalances(reading: Reading): string[] {
  return SINKS.flatMap(sink => {
    const came = {
      received: reading.total('intake_received_lines_total'),
      recovered: reading.of('intake_recovered_lines_total', sink),
      redriven: reading.of('intake_redriven_lines_total', sink),
      replayed: reading.of('intake_replayed_lines_total', sink),
    }
    const went = {
      settled: reading.of('intake_events_total', sink),
      pending: reading.of('intake_pending_lines', sink),
    }
    const sum = (terms: Record<string, number>) => Object.values(terms).reduce((a, b) => a + b, 0)
    if (sum(came) === sum(went) && went.pending >= 0) return []
    return [`The books of ${sink} do not balance: ${JSON.stringify(came)} and ${JSON.stringify(went)}.`]
  })
}
