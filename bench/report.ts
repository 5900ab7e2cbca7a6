import { figureText } from './figures.ts'
import type { Column, Line } from './rows/family.ts'

/** A run, as `--json` gives it. */
export interface Result {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGiB: number
    readonly node: string
  }
  readonly rounds: number
  readonly families: Record<string, FamilyResult>
}

export interface FamilyResult {
  readonly title: string
  readonly columns: readonly Column[]
  readonly lines: readonly Line[]
}

/** The tables are Markdown, so that they go into docs/benchmarks.md as they are. */
export function tableHead(columns: readonly Column[]): string {
  return `| | ${columns.map(({ head }) => head).join(' | ')} |\n|---|${columns.map(() => '--:|').join('')}`
}

export function tableRow({ label, figures }: Line, columns: readonly Column[]): string {
  const cells = columns.map(({ key, digits }) => {
    const figure = figures[key]
    return figure === undefined ? '' : figureText(figure, digits)
  })
  return `| ${label} | ${cells.join(' | ')} |`
}
