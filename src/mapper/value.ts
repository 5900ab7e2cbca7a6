import type { Json, JsonObject } from './types.ts'

/** Deeper than any record the decoder lets through; keeps a hostile object from exhausting the stack. */
const MAX_DEPTH = 64

/** null, "", [], {} and what holds only those. 0 and false are values. */
export function isEmpty(value: Json | undefined, depth = 0): boolean {
  if (isNothing(value)) return true
  if (typeof value !== 'object') return false
  if (depth === MAX_DEPTH) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isEmpty(item, depth + 1)) return false
    return true
  }
  for (const key of Object.keys(value)) if (!isEmpty(value[key], depth + 1)) return false
  return true
}

/** Whether two strings, or two numbers, are equal. V8 compares such as may be of any type a few times slower. */
export function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a === 'string') return typeof b === 'string' && a === b
  return typeof a === 'number' && typeof b === 'number' && a === b
}

/** `undefined`, `null` and `""`: the sender has no value. */
export function isNothing(value: Json | undefined): value is undefined | null | '' {
  return value === undefined || value === null || (typeof value === 'string' && value.length === 0)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A string as it is, a number or boolean as text; undefined for anything else and for "". */
export function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return undefined
}

/** Sets an own property whatever its name is: a plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') target[key] = value
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** The value of an object's own key, or of an item of an array by its number; keys match without regard to case. */
export function childOf(parent: Json | undefined, key: string): Json | undefined {
  if (typeof parent !== 'object' || parent === null) return undefined
  if (Object.hasOwn(parent, key)) return (parent as JsonObject)[key]
  if (Array.isArray(parent)) return undefined
  const wanted = key.toLowerCase()
  for (const own of Object.keys(parent))
    if (own.length === key.length && own.toLowerCase() === wanted) return parent[own]
  return undefined
}

const FEW = 16

/** The items without repeats, in order of arrival; undefined when there are none. May return `items` itself. */
export function distinct<T extends Json>(items: T[]): T[] | undefined {
  if (items.length < 2) return items.length === 0 ? undefined : items
  if (items.length > FEW) return [...new Set(items)]
  for (let i = 1; i < items.length; i++)
    if (items.indexOf(items[i]!) !== i) return items.filter((item, at) => items.indexOf(item) === at)
  return items
}
