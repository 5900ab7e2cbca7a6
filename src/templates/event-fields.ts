import { registry } from '../datasets/index.ts'
import { badLineEvent } from '../mapper/bad-line.ts'
import { compile } from '../mapper/compile.ts'
import { VENDOR } from '../mapper/layout.ts'
import { UNKNOWN } from '../mapper/plain.ts'
import type { JsonObject } from '../mapper/types.ts'
import { isObject } from '../mapper/value.ts'

/** Settings under which an event has the most fields. */
const EVERYTHING = { additions: 'on', message: 'description', keepOriginal: true, userAgent: 'parse' } as const

/** Fields that are set by no table. */
const OWN = ['tags', 'event.ingested']

function leaves(event: JsonObject, prefix = ''): string[] {
  return Object.entries(event).flatMap(([key, value]) =>
    isObject(value) ? leaves(value, `${prefix}${key}.`) : [prefix + key],
  )
}

/** Those of the event of a line that is no record. */
const badLine = leaves(badLineEvent({ number: 0, text: '-', bad: { code: 'not_json', message: '-' } }, 'unknown', '-'))

/** Targets of a dataset's table below `cloudflare` that are no fields of the record, without that beginning. */
export function vendorTargets(table: Parameters<typeof compile>[0]): string[] {
  return compile(table, EVERYTHING)
    .targets.filter(name => name.startsWith(VENDOR))
    .map(name => name.slice(VENDOR.length))
}

/** Every ECS field that an event of any dataset may have, sorted. */
export function eventFields(): string[] {
  const tables = [...registry.map(dataset => dataset.table), UNKNOWN]
  const targets = tables.flatMap(table => compile(table, EVERYTHING).targets)
  const isEcs = (name: string) => name !== 'cloudflare' && !name.startsWith(VENDOR)
  return [...new Set([...targets.filter(isEcs), ...badLine, ...OWN])].sort()
}
