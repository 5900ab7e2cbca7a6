import type { Source } from './state.ts'
import type { Json } from './types.ts'
import { childOf } from './value.ts'

/** The fields that a table names, numbered. */
export interface Fields {
  /** A field (`ClientIP`) or a key below one (`Metadata.zone_name`). */
  source(path: string): Source
  /** Numbers by name, of the fields that rules read. */
  readonly numbers: ReadonlyMap<string, number>
  /** By number: how often it was asked for as a source. */
  readonly uses: readonly number[]
}

export function createFields(): Fields {
  const numbers = new Map<string, number>()
  const uses: number[] = []

  function numberOf(field: string): number {
    // A plain property access must not find what every object inherits.
    if (field in Object.prototype) throw new Error(`${field} cannot be the name of a field`)
    const known = numbers.get(field)
    if (known !== undefined) return known
    numbers.set(field, numbers.size)
    return numbers.size - 1
  }

  return {
    numbers,
    uses,
    source(path) {
      const [field, ...keys] = path.split('.') as [string, ...string[]]
      const index = numberOf(field)
      uses[index] = (uses[index] ?? 0) + 1
      if (keys.length === 0) return { label: path, index, field: index, read: inputs => inputs[index] }
      return { label: path, index: -1, field: index, read: inputs => below(inputs[index], keys) }
    },
  }
}

function below(field: Json | undefined, keys: readonly string[]): Json | undefined {
  let value = field
  for (const key of keys) value = childOf(value, key)
  return value
}
