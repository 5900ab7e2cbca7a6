import facts from '../datasets/facts.json' with { type: 'json' }
import { registry } from '../datasets/index.ts'
import { uuidsOf } from '../lib/uuid.ts'
import { NO_TIME, timeOf } from '../mapper/time.ts'
import type { BatchContext } from '../mapper/types.ts'
import { clipped, insistNames, isDate, shown } from './given.ts'

const namesOf = <N extends string>(_: Readonly<Record<N, unknown>>) => registry.map(({ name }) => name as N)

/** The names of all datasets of Logpush. */
export const datasets = Object.freeze(namesOf(facts))

export type DatasetName = (typeof datasets)[number]

export interface Context {
  /** The dataset, where it is known; else it is found by the names of the fields. */
  readonly dataset?: DatasetName | undefined
  /** `@timestamp` of a record without a time: a Date, milliseconds as Date.now() gives them, or RFC 3339. The present unless given. */
  readonly receivedAt?: Date | number | string | undefined
  /** The id of an event by the number of its line in the batch (0 in `map`), for `eventIdField`. Random UUIDs unless given. */
  readonly id?: ((line: number) => string) | undefined
}

/**
 * @throws TypeError for what is no object
 * @throws RangeError for a name that there is none of, or a value that it does not take
 */
export function batchContext(context: Context): BatchContext {
  insistNames('context', context, ['dataset', 'receivedAt', 'id'])
  const { dataset, receivedAt = new Date(), id } = context
  if (dataset !== undefined && !datasets.includes(dataset))
    throw new RangeError(
      `Unknown dataset ${typeof dataset === 'string' ? clipped(dataset) : shown(dataset)}. Known datasets: ${datasets.join(', ')}.`,
    )
  if (id !== undefined && typeof id !== 'function')
    throw new RangeError(`id in the context takes a function; not ${shown(id)}.`)
  let random: ((line: number) => string) | undefined
  return {
    dataset,
    time: rfc3339(receivedAt),
    id(line) {
      if (id !== undefined) return insistId(id(line))
      random ??= uuidsOf(crypto.getRandomValues(new Uint8Array(12)))
      return random(line)
    },
  }
}

function insistId(id: string): string {
  if (typeof id === 'string' && id !== '') return id
  throw new RangeError(`id in the context gave ${shown(id)}; it has to give a text.`)
}

function rfc3339(receivedAt: Date | number | string): string {
  const text = typeof receivedAt === 'string' ? receivedAt : isoOf(receivedAt)
  // Digits alone are a time in a record, where the field tells what they count.
  const time = text?.[4] === '-' ? timeOf(text) : undefined
  if (time !== undefined && time !== NO_TIME) return time.text
  const given = typeof receivedAt === 'string' ? clipped(receivedAt) : shown(receivedAt)
  throw new RangeError(`receivedAt is no time: ${given}. It takes a Date, milliseconds or RFC 3339, from 1971 to 2261.`)
}

function isoOf(receivedAt: Date | number): string | undefined {
  const ms = typeof receivedAt === 'number' || isDate(receivedAt) ? Number(receivedAt) : Number.NaN
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined
}
