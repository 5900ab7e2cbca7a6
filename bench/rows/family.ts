import type { Figure } from '../figures.ts'

/** How long one takes: the same for all rows of a run. */
export interface Scale {
  /** How often each figure is taken. */
  readonly rounds: number
  /** How long a round lasts, where it goes by time. */
  readonly seconds: number
  readonly warmUpSeconds: number
  /** A first look: fewer rows. */
  readonly quick: boolean
}

export interface Column {
  readonly key: string
  readonly head: string
  readonly digits: number
}

/** A row of a table. A figure that was taken once has no spread. */
export interface Line {
  readonly label: string
  readonly figures: Readonly<Record<string, Figure>>
}

/** Rows that belong together: one table of the run, which can be repeated alone by its name. Lines come as they are measured. */
export interface Family {
  readonly name: string
  readonly title: string
  readonly columns: readonly Column[]
  measure(scale: Scale): AsyncIterable<Line>
}
