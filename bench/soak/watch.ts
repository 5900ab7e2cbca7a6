import { imbalances, type Reading, readingOf } from './ledger-check.ts'

/** The largest numbers of any life of the service. */
export interface Most {
  redriven: number
  replayed: number
  recovered: number
  rssMiB: number
}

/** Reads the metrics of whichever process runs, and looks at its books. */
export interface Watch {
  readonly readings: number
  readonly most: Most
  /** undefined where no process answers. */
  read(): Promise<Reading | undefined>
}

const READ_MS = 5_000
const MIB = 1024 ** 2

export function createWatch(adminUrl: () => string | undefined, violations: Set<string>): Watch {
  const watch = { readings: 0, most: { redriven: 0, replayed: 0, recovered: 0, rssMiB: 0 } }
  const read = async () => {
    const text = await fetch(`${adminUrl()}/metrics`, { signal: AbortSignal.timeout(READ_MS) })
      .then(response => response.text())
      .catch(() => undefined)
    if (text === undefined) return undefined
    const reading = readingOf(text)
    watch.readings += 1
    for (const imbalance of imbalances(reading)) violations.add(imbalance)
    for (const name of ['redriven', 'replayed', 'recovered'] as const) {
      watch.most[name] = Math.max(watch.most[name], reading.total(`intake_${name}_lines_total`))
    }
    watch.most.rssMiB = Math.max(watch.most.rssMiB, Math.round(reading.total('process_resident_memory_bytes') / MIB))
    return reading
  }
  return Object.assign(watch, { read })
}
