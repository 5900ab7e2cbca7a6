import { bodiesOf } from '../bodies.ts'
import { datasetNames, familyOf, goldenBatch } from '../datasets.ts'
import { meanOf } from '../rows/mapping.ts'
import { throughput } from '../rows/throughput.ts'
import { type Comparison, compareWithYardstick } from '../yardstick.ts'
import type { Measured } from './compare.ts'

const BATCH = 1000
const WHOLE = { rounds: 7, service: { rounds: 5, seconds: 2, warmUpSeconds: 3, quick: false } }
const QUICK = { rounds: 3, service: { rounds: 3, seconds: 1, warmUpSeconds: 2, quick: false } }

/** About a minute and a half; `isQuick`: a third of it, for who only looks. */
export async function measure(isQuick: boolean): Promise<Measured> {
  const { rounds, service } = isQuick ? QUICK : WHOLE
  const bodies = bodiesOf(BATCH)
  const row = { bodies, recordsPerBatch: BATCH }
  const before = await compareWithYardstick(row, rounds)
  const families = new Map<string, Comparison[]>()
  for (const name of datasetNames.filter(name => name !== 'http_requests')) {
    families.getOrInsertComputed(familyOf(name), () => []).push(await compareWithYardstick(goldenBatch(name), rounds))
  }
  const { delivered } = await throughput({ ...row, label: '', connections: 4 }, service)
  // Around the service, so that a machine that grew slower meanwhile is slower for both.
  const after = await compareWithYardstick(row, rounds)
  const yardstick = (before.yardstick.median + after.yardstick.median) / 2
  const ratios = [...families].map(([name, comparisons]) => [name, meanOf(comparisons).ratio.median] as const)
  return {
    ratios: rounded({ http_requests: meanOf([before, after]).ratio.median, ...Object.fromEntries(ratios) }),
    service: round((delivered.median * yardstick) / 1e6),
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000

const rounded = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]))
