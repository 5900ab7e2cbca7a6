import type { AnyTable } from './dataset.ts'
import type { Layout } from './layout.ts'
import type { Fields } from './sources.ts'
import { reject, type Source, type State, type Step } from './state.ts'
import { NO_TIME, type Time, timeOf, timeOfMilliseconds } from './time.ts'
import { isEmpty, isNothing } from './value.ts'

/** Documented as milliseconds whatever the job's timestamp format is. */
const MILLISECONDS = 'EventTimestampMs'

type Candidate = (state: State) => Time | undefined

/** The first of the fields that is a time. That field is taken. */
function firstOf(names: readonly string[], fields: Fields): Candidate {
  const sources = names.map(name => fields.source(name))
  return state => {
    for (const source of sources) {
      const time = readTime(source, state)
      if (time === undefined) continue
      state.taken[source.index] = 1
      return time
    }
    return undefined
  }
}

function readTime(source: Source, state: State): Time | undefined {
  const value = source.read(state.inputs)
  if (isNothing(value)) return undefined
  const time = source.label === MILLISECONDS ? timeOfMilliseconds(value) : timeOf(value)
  if (time === NO_TIME) return undefined
  if (time === undefined && !isEmpty(value)) reject(state, source.label)
  return time
}

/** The step for the row `time`: @timestamp, event.start and event.end. */
export function compileTimes(times: NonNullable<AnyTable['time']>, fields: Fields, layout: Layout): Step {
  const timestamp = layout.slot('@timestamp')
  const time = firstOf(times.time ?? [], fields)
  const start = times.start && { slot: layout.slot('event.start'), read: firstOf(times.start, fields) }
  const end = times.end && { slot: layout.slot('event.end'), read: firstOf(times.end, fields) }
  return state => {
    state.start = start?.read(state)
    state.end = end?.read(state)
    if (start && state.start) state.values[start.slot] = state.start.text
    if (end && state.end) state.values[end.slot] = state.end.text
    const found = time(state) ?? state.start ?? state.end
    if (found) state.values[timestamp] = found.text
  }
}
