import type { JsonObject } from './types.ts'
import { isObject, setOwn } from './value.ts'

/**
 * Sets a field by its dotted name. The objects on the way are copied, for an event shares values with its record; one that is no object
 * gives way.
 */
export function setField(event: JsonObject, name: string, value: string): void {
  const keys = name.split('.')
  const last = keys.pop()!
  let parent = event
  for (const key of keys) {
    const present = Object.hasOwn(parent, key) ? parent[key] : undefined
    const child: JsonObject = isObject(present) ? { ...present } : {}
    setOwn(parent, key, child)
    parent = child
  }
  setOwn(parent, last, value)
}
