import { bodiesOf } from '../bodies.ts'
import { datasetNames, familyOf, goldenBatch } from '../datasets.ts'
import { type Figure, figureOf } from '../figures.ts'
import { batchOf, httpRequestLines } from '../records.ts'
import { type Comparison, compareWithYardstick } from '../yardstick.ts'
import type { Column, Family, Line } from './family.ts'

const BATCH = 1000
const columns: readonly Column[] = [
  { key: 'lineBytes', head: 'line, bytes', digits: 0 },
  { key: 'eventBytes', head: 'event, bytes', digits: 0 },
  { key: 'yardstick', head: 'yardstick, µs', digits: 1 },
  { key: 'ours', head: 'ours, µs', digits: 1 },
  { key: 'ratio', head: 'ratio', digits: 2 },
]

function lineOf(label: string, { lineBytes, eventBytes, yardstick, ours, ratio }: Comparison): Line {
  return {
    label,
    figures: { lineBytes: figureOf([lineBytes]), eventBytes: figureOf([eventBytes]), yardstick, ours, ratio },
  }
}

export const mapping: Family = {
  name: 'mapping',
  title:
    'One thread, a record, batches of 1,000, gzip: the yardstick (gunzip, JSON.parse of each line, JSON.stringify of the finished event) and ours (inflate, decode, map, encode)',
  columns,
  async *measure({ rounds }) {
    yield lineOf(
      'http_requests',
      await compareWithYardstick({ bodies: bodiesOf(BATCH), recordsPerBatch: BATCH }, rounds),
    )
    const strangers = Array.from({ length: 10 }, (_, i) =>
      batchOf(httpRequestLines(BATCH, { seed: 1000 + i, randomAgents: true })),
    )
    yield lineOf(
      'http_requests, a new agent in each',
      await compareWithYardstick({ bodies: strangers, recordsPerBatch: BATCH }, rounds),
    )
  },
}

/** All datasets but http_requests, from their golden lines, and their families. */
export const datasets: Family = {
  name: 'datasets',
  title: 'The same for the other datasets, from their golden lines; families are means of their datasets',
  columns,
  async *measure({ rounds }) {
    const families = new Map<string, Comparison[]>()
    for (const name of datasetNames.filter(name => name !== 'http_requests')) {
      const comparison = await compareWithYardstick(goldenBatch(name), rounds)
      const family = families.getOrInsertComputed(familyOf(name), () => [])
      family.push(comparison)
      yield lineOf(name, comparison)
    }
    for (const [name, comparisons] of families) yield lineOf(`family ${name}`, meanOf(comparisons))
  },
}

/** Times are means; the ratio is that of the sums, so that long records weigh more. */
export function meanOf(comparisons: readonly Comparison[]): Comparison {
  const mean = (pick: (comparison: Comparison) => number) =>
    comparisons.reduce((sum, comparison) => sum + pick(comparison), 0) / comparisons.length
  const figure = (pick: (comparison: Comparison) => Figure): Figure => ({
    median: mean(comparison => pick(comparison).median),
    least: mean(comparison => pick(comparison).least),
    most: mean(comparison => pick(comparison).most),
  })
  const yardstick = figure(comparison => comparison.yardstick)
  const ours = figure(comparison => comparison.ours)
  const weighted = (key: keyof Figure) =>
    mean(({ ratio, yardstick }) => ratio[key] * yardstick.median) / mean(comparison => comparison.yardstick.median)
  return {
    yardstick,
    ours,
    ratio: { median: weighted('median'), least: weighted('least'), most: weighted('most') },
    lineBytes: mean(comparison => comparison.lineBytes),
    eventBytes: mean(comparison => comparison.eventBytes),
  }
}
