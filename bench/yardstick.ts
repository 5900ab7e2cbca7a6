import { gunzipSync } from 'node:zlib'
import { loadConfig } from '../src/config.ts'
import { registry } from '../src/datasets/index.ts'
import { createEncoder } from '../src/delivery/encode.ts'
import { type EncodedPiece, PIECE_BUFFERS } from '../src/delivery/piece-builder.ts'
import { createSpareBuffers } from '../src/lib/spare-buffers.ts'
import { uuidsOf } from '../src/lib/uuid.ts'
import { createMapper } from '../src/mapper/mapper.ts'
import { encodeSettings, mapperSettings } from '../src/mapping-settings.ts'
import { type Figure, figureOf } from './figures.ts'

export interface Comparison {
  /** Microseconds a record. */
  readonly yardstick: Figure
  readonly ours: Figure
  /** Ours by the yardstick, of rounds that were next to each other. */
  readonly ratio: Figure
  readonly lineBytes: number
  readonly eventBytes: number
}

export interface Compared {
  /** Gzipped batches; each is one measurement of the round. */
  readonly bodies: readonly Uint8Array[]
  readonly recordsPerBatch: number
  /** What the request named. */
  readonly dataset?: string
}

/** So many rounds only warm up: the compiler is done with both by then. */
const WARM_UP_ROUNDS = 2
const LF = 10

const { config } = loadConfig({}, [])
const mapper = createMapper(registry, mapperSettings(config))
const settings = encodeSettings(config)

/** Pieces' buffers are used again, as the file sink gives them back. */
const spare = createSpareBuffers(PIECE_BUFFERS)

/** Mean bytes of an event of this batch, without its LF, under settings of the service. */
export async function eventBytesOf(body: Uint8Array, env: Readonly<Record<string, string>>): Promise<number> {
  const events = await eventsOf(body, undefined, createMapper(registry, mapperSettings(loadConfig(env, []).config)))
  const count = events.reduce((sum, byte) => sum + Number(byte === LF), 0)
  return events.length / count - 1
}

/**
 * What the native parts alone take for the same bytes on one thread (gunzip, JSON.parse of each line, JSON.stringify of an object of
 * the finished event's size), and what inflate, decode, map and encode take here; in turn, so that a noisy machine is noisy for both.
 */
export async function compareWithYardstick(compared: Compared, rounds: number): Promise<Comparison> {
  const { bodies, recordsPerBatch, dataset } = compared
  const texts = await Promise.all(bodies.map(async body => (await eventsOf(body, dataset)).toString().trimEnd()))
  const events = texts.map(text => text.split('\n').map(event => JSON.parse(event) as object))
  const records = bodies.length * recordsPerBatch
  const time = async (run: (batch: number) => unknown) => {
    const began = performance.now()
    for (let batch = 0; batch < bodies.length; batch++) await run(batch)
    return ((performance.now() - began) * 1000) / records
  }
  const yardstick: number[] = []
  const ours: number[] = []
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const native = await time(i => measureYardstick(bodies[i]!, events[i]!))
    const own = await time(i => encode(bodies[i]!, dataset, giveBack))
    if (round < 0) continue
    yardstick.push(native)
    ours.push(own)
  }
  const inflated = bodies.reduce((sum, body) => sum + gunzipSync(body).length, 0)
  return {
    yardstick: figureOf(yardstick),
    ours: figureOf(ours),
    ratio: figureOf(ours.map((took, round) => took / yardstick[round]!)),
    lineBytes: inflated / records - 1,
    eventBytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0) / records - 1,
  }
}

function measureYardstick(body: Uint8Array, events: readonly object[]): number {
  let size = 0
  const lines = gunzipSync(body).toString('latin1').trimEnd().split('\n')
  for (const [i, line] of lines.entries()) {
    size += Object.keys(JSON.parse(line) as object).length
    size += JSON.stringify(events[i]).length
  }
  return size
}

async function eventsOf(body: Uint8Array, dataset: string | undefined, by = mapper): Promise<Buffer> {
  const pieces: Buffer[] = []
  await encode(body, dataset, ({ bytes }) => void pieces.push(Buffer.from(bytes)), by)
  return Buffer.concat(pieces)
}

const giveBack = ({ bytes }: EncodedPiece) => spare.give(bytes.buffer)

async function encode(
  body: Uint8Array,
  dataset: string | undefined,
  onPiece: (piece: EncodedPiece) => void,
  by = mapper,
): Promise<void> {
  const encoder = createEncoder({
    mapper: by,
    settings,
    context: { dataset, time: '2026-01-01T00:00:00Z', id: uuidsOf(new Uint8Array(32)) },
    format: 'lines',
    gzip: true,
    storedBytes: body.length,
    form: 'event',
    onPiece,
    spare,
  })
  await encoder.push(body)
  await encoder.end()
  encoder.destroy()
}
