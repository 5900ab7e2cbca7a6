import type { Figure } from '../../bench/figures.ts'
import { box, line, words } from './element.ts'
import { rounded, ticksTo } from './numbers.ts'
import { absentPanel, MARGIN, type Panel, WIDTH } from './panel.ts'
import type { BatchRow } from './rows.ts'

const TITLE = 'Throughput by records a batch, file sink'
const LEFT = 84
const RIGHT = WIDTH - MARGIN
const TOP = 76
const PLOT_HEIGHT = 250
const BOTTOM = TOP + PLOT_HEIGHT
const MOST_BAR_WIDTH = 46
const GAP = 5

/** Columns, two for each size of batches: accepted and delivered records a second. */
export function batchPanel(rows: readonly BatchRow[] | undefined, rounds: number): Panel {
  if (rows === undefined || rows.length === 0) return absentPanel(TITLE, 'batches')
  const ticks = ticksTo(Math.max(...rows.flatMap(({ accepted, delivered }) => [accepted.most, delivered.most])))
  const axisTitle = BOTTOM + (rows.some(({ note }) => note !== '') ? 52 : 40)
  const said = rows.map(
    ({ size, accepted, delivered }) =>
      `${size}: ${rounded(accepted.median)} accepted, ${rounded(delivered.median)} delivered`,
  )
  return {
    height: axisTitle + 12,
    said: `${TITLE}, records a second. ${said.join('; ')}.`,
    draw: y => [
      words(MARGIN, y + 20, TITLE, 'title'),
      words(MARGIN, y + 42, `records a second; medians of ${rounds} rounds, thin lines from least to most`, 'small'),
      ...legend(y + 42),
      ...ticks.flatMap(tick => gridLine(y, tick, ticks.at(-1)!)),
      ...rows.flatMap((row, i) => group(row, i, y)),
      words((LEFT + RIGHT) / 2, y + axisTitle, 'records a batch', 'small', 'middle'),
    ],
  }

  function group({ size, note, accepted, delivered }: BatchRow, index: number, y: number): string[] {
    const groupWidth = (RIGHT - LEFT) / rows!.length
    const middle = LEFT + (index + 0.5) * groupWidth
    const width = Math.min(MOST_BAR_WIDTH, groupWidth * 0.38)
    return [
      ...column(accepted, middle - GAP / 2 - width, width, y, 'accepted'),
      ...column(delivered, middle + GAP / 2, width, y, 'delivered'),
      words(middle, y + BOTTOM + 18, size, 'label', 'middle'),
      ...(note === '' ? [] : [words(middle, y + BOTTOM + 32, note, 'small', 'middle')]),
    ]
  }

  function column(figure: Figure, x: number, width: number, y: number, kind: string): string[] {
    const at = (value: number) => y + heightOf(value, ticks.at(-1)!)
    const { median, least, most } = figure
    const middle = x + width / 2
    return [
      box(x, at(median), width, y + BOTTOM - at(median), kind),
      ...(least === most ? [] : [line(middle, at(least), middle, at(most), 'spread')]),
      words(middle, at(most) - 6, rounded(median), 'value', 'middle'),
    ]
  }
}

const heightOf = (value: number, top: number) => BOTTOM - (value / top) * PLOT_HEIGHT

function gridLine(y: number, tick: number, top: number): string[] {
  const height = y + heightOf(tick, top)
  return [
    line(LEFT, height, RIGHT, height, tick === 0 ? 'axis' : 'grid'),
    words(LEFT - 8, height + 4, rounded(tick), 'small', 'end'),
  ]
}

function legend(y: number): string[] {
  return [
    box(RIGHT - 186, y - 10, 12, 12, 'accepted'),
    words(RIGHT - 168, y, 'accepted', 'label'),
    box(RIGHT - 92, y - 10, 12, 12, 'delivered'),
    words(RIGHT - 74, y, 'delivered', 'label'),
  ]
}
