import { performance } from 'node:perf_hooks'
import { gunzipSync } from 'node:zlib'
import { loadConfig } from '../src/config.ts'
import { registry } from '../src/datasets/index.ts'
import { createEncoder } from '../src/delivery/encode.ts'
import { uuidsOf } from '../src/lib/uuid.ts'
import { createMapper } from '../src/mapper/mapper.ts'
import { mapperSettings } from '../src/mapping-settings.ts'
import { batchOf, httpRequestLines } from './records.ts'

export interface Comparison {
  readonly yardstickMicros: number
  readonly oursMicros: number
  readonly randomAgentsMicros: number
  /** Ours by the yardstick, of the medians. */
  readonly ratio: number
  readonly lineBytes: number
  readonly eventBytes: number
}

const RECORDS = 1_000
const BATCHES = 10

/**
 * What the native parts alone take for the same bytes on one thread (gunzip, JSON.parse of each line, JSON.stringify of an object of
 * the finished event's size), and what inflate, decode, map and encode take here; in turn, so that a noisy machine is noisy for both.
 */
export async function compareWithYardstick(rounds: number): Promise<Comparison> {
  const lines = httpRequestLines(RECORDS)
  const body = batchOf(lines)
  const events = (await encode(body)).toString().trimEnd().split('\n')
  const objects = events.map(event => JSON.parse(event) as object)
  const yardstick: number[] = []
  const ours: number[] = []
  const randomAgents: number[] = []
  for (let round = -1; round < rounds; round++) {
    const agents = Array.from({ length: BATCHES }, (_, i) =>
      batchOf(httpRequestLines(RECORDS, { seed: 1000 * (round + 2) + i, randomAgents: true })),
    )
    const took = {
      yardstick: await time(async () => measureYardstick(body, objects)),
      ours: await time(() => encode(body)),
      randomAgents: await time(i => encode(agents[i] as Buffer)),
    }
    // The first round only warms up.
    if (round < 0) continue
    yardstick.push(took.yardstick)
    ours.push(took.ours)
    randomAgents.push(took.randomAgents)
  }
  return {
    yardstickMicros: median(yardstick),
    oursMicros: median(ours),
    randomAgentsMicros: median(randomAgents),
    ratio: median(ours) / median(yardstick),
    lineBytes: lines.join('').length / RECORDS,
    eventBytes: events.join('').length / RECORDS,
  }
}

/** Microseconds a record. */
async function time(run: (batch: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  for (let batch = 0; batch < BATCHES; batch++) await run(batch)
  return ((performance.now() - began) * 1000) / (BATCHES * RECORDS)
}

function measureYardstick(body: Buffer, events: readonly object[]): number {
  let size = 0
  const lines = gunzipSync(body).toString('latin1').trimEnd().split('\n')
  for (const [i, line] of lines.entries()) {
    size += Object.keys(JSON.parse(line) as object).length
    size += JSON.stringify(events[i]).length
  }
  return size
}

const mapper = createMapper(registry, mapperSettings(loadConfig({}, []).config))

async function encode(body: Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const encoder = createEncoder({
    mapper,
    settings: {
      maxLineBytes: 1024 ** 2,
      dropFields: [],
      dropDatasets: [],
      documents: { profile: 'ecs', namespace: 'default' },
    },
    context: { dataset: undefined, time: '2026-01-01T00:00:00Z', id: uuidsOf(new Uint8Array(32)) },
    format: 'lines',
    gzip: true,
    form: 'event',
    onPiece: piece => void pieces.push(piece.bytes),
  })
  await encoder.push(body)
  await encoder.end()
  encoder.destroy()
  return Buffer.concat(pieces)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
