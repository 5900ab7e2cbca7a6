import { decodeLine } from '../decode/decode-line.ts'
import { createFieldDropper } from '../decode/drop-fields.ts'
import type { RawLine } from '../decode/lines.ts'
import type { Assignment } from '../mapper/assign.ts'
import { keysOf, type Sortable } from '../mapper/sorter.ts'
import type { BatchContext, Line, Mapped, Mapper } from '../mapper/types.ts'
import type { Form } from '../sinks/sink.ts'
import { createSplicer, type Splicer, type Writers } from '../splice/splicer.ts'
import type { EncodeSettings } from './encode.ts'
import { type DocumentSettings, documentExtra, documentText, lineBytes } from './forms.ts'
import { createHeldBytes } from './held-bytes.ts'
import { type BatchStatistics, countEvent, countMapped } from './statistics.ts'

export interface LineMapperOptions {
  readonly mapper: Mapper
  readonly settings: EncodeSettings
  readonly context: BatchContext
  readonly format: 'lines' | 'single' | 'timed' | 'rows'
  readonly form: Form
  readonly statistics: BatchStatistics
  /** Each line's event, in the order of the lines; `id` where it does not follow from the batch's. Bytes are good until it returns. */
  readonly onEvent: (dataset: string, line: number, event: string | Buffer, id: string | undefined) => void
}

/** The second half of a batch's walk: lines in, encoded events out. */
export interface LineMapper {
  push(raw: RawLine): void
  end(): void
}

/** A line that waits for the batch's dataset to be found. */
interface Held extends Sortable {
  readonly raw: RawLine
  /** Undefined: it can be spliced. */
  readonly line: Line | undefined
}

const heldBytes = createHeldBytes()

/**
 * Nearly all lines are spliced: no object is made of them. What the splicer does not take goes the long way through decode/ and
 * Mapper.mapLine, to the same event.
 */
export function createLineMapper(options: LineMapperOptions): LineMapper {
  const { mapper, settings, context, format, form, statistics, onEvent } = options
  const { maxLineBytes, documents } = settings
  const decoding = { maxLineBytes, dropFields: createFieldDropper(settings.dropFields) }
  // What is cut out of a line is cut out of its text.
  const own = decoding.dropFields === undefined ? sharedOf(mapper) : undefined
  const splicer = own?.splicer
  const writers = own && writersOf(own, form, documents)
  const sorter = mapper.sorter<Held>(context, take)
  const held = heldBytes()
  const idOf = ({ id, number }: RawLine) => (format === 'rows' ? (id ?? context.id(number)) : undefined)

  function push(raw: RawLine): void {
    if (raw.lost > 0) statistics.truncatedBytes += raw.lost
    const shape = splicer === undefined || raw.lost > 0 ? undefined : splicer.read(raw.bytes)
    const { assign } = sorter
    if (assign !== undefined && shape !== undefined) {
      splice(raw, assign(shape.keys))
      return
    }
    const kept = assign === undefined ? { ...raw, bytes: held.keep(raw.bytes) } : raw
    const line = shape === undefined ? decodeLine(raw, decoding) : undefined
    const keys = line === undefined ? shape?.keys : keysOf(line)
    sorter.push({ raw: kept, line, keys, size: raw.bytes.length })
    if (assign === undefined && sorter.assign !== undefined) held.clear()
  }

  function take({ raw, line, keys }: Held, assignment: Assignment | undefined): void {
    if (line !== undefined) mapDecoded(raw, line, keys, assignment)
    else {
      splicer!.read(raw.bytes)
      splice(raw, assignment!)
    }
  }

  /** The line is the one that was read last. */
  function splice(raw: RawLine, assignment: Assignment): void {
    const { dataset = 'unknown', tags } = assignment
    const plan = mapper.planOf(assignment.dataset)
    const rejected = plan === undefined ? undefined : splicer!.run(plan, raw.time ?? context.time, tags)
    const event = rejected && (form === 'line' ? raw.bytes : splicer!.write(writers!, dataset))
    if (plan === undefined || rejected === undefined || event === undefined) {
      const line = decodeLine(raw, decoding)
      mapDecoded(raw, line, keysOf(line), assignment)
      return
    }
    countEvent(statistics, { dataset, tags: plan.state.values[plan.tags], rejected })
    onEvent(dataset, raw.number, event, idOf(raw))
  }

  function mapDecoded(raw: RawLine, line: Line, keys: Held['keys'], assignment: Assignment | undefined): void {
    const id = idOf(raw)
    const mapped = mapper.mapLine(line, keys, assignment, id === undefined ? context : { ...context, id: () => id })
    countMapped(statistics, mapped)
    onEvent(mapped.dataset, raw.number, textOf(raw, mapped), id)
  }

  function textOf(raw: RawLine, mapped: Mapped): string | Buffer {
    if (form === 'event') return JSON.stringify(mapped.event)
    if (form === 'document') return documentText(mapped, documents)
    const { line } = mapped
    // A text of bytes that are no UTF-8 is not what was received.
    return 'bad' in line && line.bad.code === 'not_utf8' ? lineBytes(raw.bytes) : line.text.replaceAll(/[\r\n]/g, ' ')
  }

  function end(): void {
    sorter.decide()
    held.clear()
  }

  return { push, end }
}

interface Shared {
  readonly splicer: Splicer
  readonly writers: Map<string, Writers>
}

/** Makes what all batches of the mapper share, before the first comes. */
export function prepareLines(mapper: Mapper): void {
  sharedOf(mapper)
}

/** One for all batches of a mapper: it has megabytes of its own, and what it learns of a table is good for all. */
const shared = new WeakMap<Mapper, Shared>()

function sharedOf(mapper: Mapper): Shared {
  const known = shared.get(mapper)
  if (known !== undefined) return known
  const made = { splicer: createSplicer(), writers: new Map<string, Writers>() }
  shared.set(mapper, made)
  return made
}

function writersOf({ splicer, writers }: Shared, form: Form, documents: DocumentSettings): Writers {
  const key = JSON.stringify([form, documents])
  const known = writers.get(key)
  if (known !== undefined) return known
  const made = splicer.writers(dataset => (form === 'document' ? documentExtra(dataset, documents) : {}))
  writers.set(key, made)
  return made
}
