import type { JsonObject } from './types.ts'
import { isObject, setOwn } from './value.ts'

/** Dotted names of letters, digits and underscores. */
export const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/

/** What the mapping fills, by first name. `event.id` may be given up for the intake's id: the record's own stays below cloudflare. */
const TAKEN =
  /^(message|tags|labels|cloudflare|ecs|data_stream|client|cloud|destination|device|dns|email|error|event|faas|file|gen_ai|host|http|network|observer|related|rule|server|source|threat|tls|url|user|user_agent)(\.|$)/

/** Whether a field may carry the event's id: its name is one, and the mapping does not fill it. */
export function isFreeField(name: string): boolean {
  return FIELD_NAME.test(name) && (!TAKEN.test(name) || name === 'event.id' || name.startsWith('labels.'))
}

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
