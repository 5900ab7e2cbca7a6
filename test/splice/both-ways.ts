import { expect } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { decodeLine } from '../../src/decode/decode-line.ts'
import { createEncoder } from '../../src/delivery/encode.ts'
import { type DocumentSettings, documentText } from '../../src/delivery/forms.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import type { Mapper, MapperSettings } from '../../src/mapper/types.ts'
import type { Form } from '../../src/sinks/sink.ts'
import { createSplicer } from '../../src/splice/splicer.ts'
import { RECEIVED, SETTINGS } from '../datasets/map-one.ts'

export interface Way {
  readonly form: Form
  readonly dataset: string | undefined
  readonly settings?: Partial<MapperSettings>
}

const MAX_LINE_BYTES = 1024 ** 2
const DOCUMENTS: DocumentSettings = { profile: 'ecs', namespace: 'default' }
const id = (line: number) => `id-${line}`
const mappers = new Map<string, Mapper>()

function mapperOf(settings: Partial<MapperSettings> = {}): Mapper {
  const key = JSON.stringify(settings)
  const mapper = mappers.get(key) ?? createMapper(registry, { ...SETTINGS, ...settings })
  mappers.set(key, mapper)
  return mapper
}

/** The service's way: from stored bytes to pieces, then the lines of all pieces in the order of their numbers. */
async function encoded(lines: readonly Buffer[], { form, dataset, settings }: Way) {
  const events: (readonly [number: number, text: string])[] = []
  const encoder = createEncoder({
    mapper: mapperOf(settings),
    settings: { maxLineBytes: MAX_LINE_BYTES, dropFields: [], dropDatasets: [], documents: DOCUMENTS },
    context: { dataset, time: RECEIVED, id },
    format: 'lines',
    gzip: false,
    form,
    onPiece({ bytes, lines, ends }) {
      const text = Buffer.from(bytes)
      for (const [i, number] of lines.entries())
        events.push([number, text.toString('utf8', i === 0 ? 0 : ends[i - 1], ends[i]! - 1)])
    },
  })
  await encoder.push(Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')])))
  const statistics = await encoder.end()
  encoder.destroy()
  return { texts: events.sort(([a], [b]) => a - b).map(([, text]) => text), statistics }
}

/** The plain way: each line parsed, mapped to an object by the interpreter of the tables, and that written. */
function interpreted(lines: readonly Buffer[], { form, dataset, settings }: Way) {
  const texts: string[] = []
  const rejected: string[] = []
  const batch = mapperOf(settings).batch({ dataset, time: RECEIVED, id }, mapped => {
    rejected.push(...mapped.rejected)
    texts.push(form === 'document' ? documentText(mapped, DOCUMENTS) : JSON.stringify(mapped.event))
  })
  for (const [number, bytes] of lines.entries())
    batch.push(
      decodeLine(
        { number, bytes, lost: 0, time: undefined, id: undefined },
        { maxLineBytes: MAX_LINE_BYTES, dropFields: undefined },
      ),
    )
  batch.end()
  return { texts, rejected }
}

/** The same events, as JSON values, and the same counts. */
export async function expectSame(lines: readonly Buffer[], way: Way): Promise<void> {
  const { texts, statistics } = await encoded(lines, way)
  const plain = interpreted(lines, way)
  expect(texts.map(text => JSON.parse(text))).toEqual(plain.texts.map(text => JSON.parse(text)))
  expect(statistics.lines).toBe(lines.length)
  const counted = [...statistics.rejectedValues.values()].flatMap(fields => [...fields.values()])
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(plain.rejected.length)
}

/** Whether the splicer takes the line as a record of the dataset, by itself. */
export function isSpliced(line: Buffer, dataset: string): boolean {
  const splicer = createSplicer()
  const plan = mapperOf().planOf(dataset)
  if (plan === undefined || splicer.read(line) === undefined) return false
  return (
    splicer.run(plan, RECEIVED, []) !== undefined &&
    splicer.write(
      splicer.writers(() => ({})),
      dataset,
    ) !== undefined
  )
}
