import { loadConfig } from '../../src/config.ts'
import { registry } from '../../src/datasets/index.ts'
import { parseRecord as decode } from '../../src/decode/record.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import type { JsonObject, Line, Mapped, Mapper, MapperSettings } from '../../src/mapper/types.ts'
import { mapperSettings } from '../../src/mapping-settings.ts'

/** Those of the service without settings. */
export const SETTINGS: MapperSettings = mapperSettings(loadConfig({}, []).config)
export const RECEIVED = '2024-05-06T07:08:09Z'

/** A record as the decoder gives it: large integers are decimal strings. */
export function parseRecord(text: string): JsonObject {
  const parsed = decode(text)
  if (typeof parsed === 'string') throw new Error(`The text is no record: ${parsed}`)
  return parsed.record
}

const mappers = new Map<string, Mapper>()

/** One mapper for each combination of settings: what it compiled serves many tests. */
function mapperFor(settings: Partial<MapperSettings>): Mapper {
  const key = JSON.stringify(settings)
  const mapper = mappers.get(key) ?? createMapper(registry, { ...SETTINGS, ...settings })
  mappers.set(key, mapper)
  return mapper
}

export function lineOf(record: JsonObject, number = 0): Line {
  return { number, text: JSON.stringify(record), record }
}

export function mapLines(lines: readonly Line[], dataset?: string, settings: Partial<MapperSettings> = {}): Mapped[] {
  const mapped: Mapped[] = []
  const context = { dataset, time: RECEIVED, id: (line: number) => `id-${line}` }
  const batch = mapperFor(settings).batch(context, one => mapped.push(one))
  for (const line of lines) batch.push(line)
  batch.end()
  return mapped
}

export function mapRecord(record: JsonObject, dataset?: string, settings: Partial<MapperSettings> = {}): Mapped {
  return mapLines([lineOf(record)], dataset, settings)[0]!
}

/** The event as dotted names, each with its value; objects below `cloudflare` stay whole. */
export function flatten(event: JsonObject, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(event)) {
    const name = prefix + key
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isNested && prefix !== 'cloudflare.') Object.assign(flat, flatten(value, `${name}.`))
    else
      flat[name] = Array.isArray(value)
        ? [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
        : value
  }
  return flat
}
