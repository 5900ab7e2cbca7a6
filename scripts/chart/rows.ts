import type { Figure } from '../../bench/figures.ts'
import type { Result } from '../../bench/report.ts'

/** Throughput at one size of batches, records a second. */
export interface BatchRow {
  /** Records a batch, as the table says it. */
  readonly size: string
  /** What the table says beside it, such as that batches were refused; else empty. */
  readonly note: string
  readonly accepted: Figure
  readonly delivered: Figure
}

export interface ServiceRow {
  readonly delivered: Figure
}

const BATCHES = 'batches'
const SERVICE = 'service'
/** The row of the service family that does the same job as others. */
const SAME_JOB = 'file sink'

/** The rows by records a batch; undefined where the run has none. Throws when a row lacks a figure. */
export function batchRows({ families }: Result): BatchRow[] | undefined {
  return families[BATCHES]?.lines.map(({ label, figures }) => {
    const [size, note] = label.split(' (')
    return {
      size: size!,
      note: note === undefined ? '' : `(${note}`,
      accepted: figureIn(figures, 'accepted', BATCHES, label),
      delivered: figureIn(figures, 'delivered', BATCHES, label),
    }
  })
}

/** The whole service with the file sink; undefined where the run has no such family. Throws when the family lacks the row or its figure. */
export function serviceRow({ families }: Result): ServiceRow | undefined {
  const family = families[SERVICE]
  if (family === undefined) return undefined
  const line = family.lines.find(({ label }) => label === SAME_JOB || label.startsWith(`${SAME_JOB} (`))
  if (line === undefined) throw new Error(`The rows of ${SERVICE} have none that is called ${SAME_JOB}.`)
  return { delivered: figureIn(line.figures, 'delivered', SERVICE, line.label) }
}

function figureIn(figures: Readonly<Record<string, Figure>>, key: string, family: string, label: string): Figure {
  const figure = figures[key]
  if (figure === undefined) throw new Error(`The row ${label} of ${family} has no figure ${key}.`)
  return figure
}
