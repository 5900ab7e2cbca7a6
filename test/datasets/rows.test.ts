import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { compile } from '../../src/mapper/compile.ts'
import type { AnyTable } from '../../src/mapper/dataset.ts'
import type { JsonObject } from '../../src/mapper/types.ts'
import { goldenFiles } from '../golden/golden.ts'
import { flatten, mapRecord, parseRecord, RECEIVED, SETTINGS } from './map-one.ts'
import { SMALL_CASES } from './small-cases.ts'

/** Said for the reader: where they would count, @timestamp is the start or the end of the event anyway. */
const REDUNDANT: Readonly<Record<string, readonly string[]>> = {
  email_security_post_delivery_events: ['time.time "RequestedAt"'],
  websocket_analytics: ['time.time "EdgeEndTimestamp"'],
  zero_trust_network_sessions: ['time.time "SessionEndTime"'],
}

/** A table without one of its parts, and the name of that part. */
type Cut = readonly [part: string, table: AnyTable]

const cutsOf = <T>(list: readonly T[] | undefined, name: string, put: (rest: T[]) => AnyTable): Cut[] =>
  (list ?? []).map((item, at) => [`${name} ${JSON.stringify(item)}`, put(list!.toSpliced(at, 1))])

function cutsOfRows(rows: AnyTable | NonNullable<AnyTable['additions']>, put: (rows: object) => AnyTable): Cut[] {
  const { fields, related = {}, fixed = {}, copy } = rows
  return [
    ...cutsOf(fields, 'row', rest => put({ ...rows, fields: rest })),
    ...Object.entries(related).flatMap(([kind, names]) =>
      cutsOf(names, `related.${kind}`, rest => put({ ...rows, related: { ...related, [kind]: rest } })),
    ),
    ...cutsOf(Object.entries(fixed), 'constant', rest => put({ ...rows, fixed: Object.fromEntries(rest) })),
    ...(copy === '*' ? [] : cutsOf(copy, 'copy', rest => put({ ...rows, copy: rest }))),
    ...cutsOfWhen(rows, put),
  ]
}

function cutsOfWhen(rows: Pick<AnyTable, 'when'>, put: (rows: object) => AnyTable): Cut[] {
  const blocks = [rows.when ?? []].flat()
  return blocks.flatMap((block, at) =>
    Object.entries(block).flatMap(([target, tests]) =>
      cutsOf(tests as readonly unknown[], `when ${target}`, rest =>
        put({ ...rows, when: blocks.with(at, { ...block, [target]: rest }) }),
      ),
    ),
  )
}

function cutsOfTable(table: AnyTable): Cut[] {
  const { additions, time = {} } = table
  return [
    ...cutsOfRows(table, rows => rows as AnyTable),
    ...(additions ? cutsOfRows(additions, rows => ({ ...table, additions: rows })) : []),
    ...cutsOf(table.drop, 'drop', rest => ({ ...table, drop: rest })),
    ...Object.entries(time).flatMap(([kind, names]) =>
      cutsOf(names, `time.${kind}`, rest => ({ ...table, time: { ...time, [kind]: rest } })),
    ),
  ]
}

function eventsOf(table: AnyTable, records: readonly JsonObject[]): string {
  const events = (['off', 'on'] as const).flatMap(additions => {
    const { map } = compile(table, { ...SETTINGS, additions })
    return records.map(record => map(record, Object.keys(record), { text: '', time: RECEIVED, tags: [] }))
  })
  return JSON.stringify(events)
}

describe.each(registry.map(entry => [entry.name, entry.table] as const))('%s', (name, table) => {
  it('has a case for each part of its table: without the part some event would be another', () => {
    const golden = goldenFiles().filter(file => file.dataset === name)
    const small = SMALL_CASES.filter(([dataset]) => dataset === name)
    const records = [...golden.map(file => parseRecord(file.golden.line)), ...small.map(([, record]) => record)]
    const now = eventsOf(table, records)
    const cuts = cutsOfTable(table)
    expect(cuts.length).toBeGreaterThan(5)
    const unseen = cuts.filter(([, cut]) => eventsOf(cut, records) === now).map(([part]) => part)
    expect(unseen).toEqual(REDUNDANT[name] ?? [])
  })
})

it.each(SMALL_CASES)('%s: %j gives %j', (dataset, record, values) => {
  const event = flatten(mapRecord(record, dataset, { additions: 'on' }).event)
  expect(event).toMatchObject(values)
})
