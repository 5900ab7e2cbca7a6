/**
 * Microseconds per record of each dataset on one thread, without the ends: decode, map and encode of its golden lines, and how that
 * compares with JSON.parse of the line and JSON.stringify of the record. `npm exec -c 'node bench/datasets.ts'`, or with names of datasets.
 */

import { loadConfig } from '../src/config.ts'
import { registry } from '../src/datasets/index.ts'
import { createEncoder } from '../src/delivery/encode.ts'
import { uuidsOf } from '../src/lib/uuid.ts'
import { createMapper } from '../src/mapper/mapper.ts'
import { mapperSettings } from '../src/mapping-settings.ts'
import { goldenFiles } from '../test/golden/golden.ts'

const RECORDS = 1000
const ROUNDS = 7

const golden = Map.groupBy(goldenFiles(), file => file.dataset)
const wanted = process.argv.slice(2)
const mapper = createMapper(registry, mapperSettings(loadConfig({}, []).config))

/** The golden lines in turn. Their values repeat, as those of real traffic do: caches are warm. */
function linesOf(dataset: string): string[] {
  const lines = golden.get(dataset)!.map(file => file.golden.line)
  return Array.from({ length: RECORDS }, (_, i) => lines[i % lines.length]!)
}

async function encode(dataset: string, body: Uint8Array): Promise<void> {
  const encoder = createEncoder({
    mapper,
    settings: {
      maxLineBytes: 1024 ** 2,
      dropFields: [],
      dropDatasets: [],
      documents: { profile: 'ecs', namespace: 'default' },
    },
    context: { dataset, time: '2026-01-01T00:00:00Z', id: uuidsOf(new Uint8Array(32)) },
    format: 'lines',
    gzip: false,
    form: 'event',
    onPiece: () => {},
  })
  await encoder.push(body)
  await encoder.end()
  encoder.destroy()
}

function parseAndWrite(lines: readonly string[]): void {
  for (const line of lines) JSON.stringify(JSON.parse(line))
}

/** Microseconds a record. */
async function time(run: () => void | Promise<void>): Promise<number> {
  const from = performance.now()
  await run()
  return ((performance.now() - from) * 1000) / RECORDS
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function measure(dataset: string): Promise<void> {
  const lines = linesOf(dataset)
  const body = new TextEncoder().encode(`${lines.join('\n')}\n`)
  const ours: number[] = []
  const json: number[] = []
  for (let round = -3; round < ROUNDS; round++) {
    const took = [await time(() => encode(dataset, body)), await time(() => parseAndWrite(lines))] as const
    // The first rounds only warm up.
    if (round < 0) continue
    ours.push(took[0])
    json.push(took[1])
  }
  const bytes = body.length / RECORDS
  const cells = [bytes.toFixed(0), median(ours).toFixed(1), median(json).toFixed(1)]
  const ratio = (median(ours) / median(json)).toFixed(1)
  console.log(`${dataset.padEnd(36)}${[...cells, ratio].map(cell => cell.padStart(12)).join('')}`)
}

console.log(
  `${''.padEnd(36)}${['bytes', 'µs a record', 'JSON alone', 'ratio'].map(cell => cell.padStart(12)).join('')}`,
)
for (const { name } of registry) if (wanted.length === 0 || wanted.includes(name)) await measure(name)
