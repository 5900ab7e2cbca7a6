/** What a caller without types may have given: how it is named in an error, and what is no object of names and values. */

const NO_RECORD =
  /^(Array|Map|Set|Promise|(Shared)?ArrayBuffer|DataView|(Big)?(Int|Uint|Float)\d+Array|Uint8ClampedArray)$/

function tagOf(value: object): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1)
  } catch {
    // A getter of the value's own, or a Proxy.
    return 'Object'
  }
}

const named = (tag: string) => `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag}`

/** `an Array`, `a Promise` …: values that have entries, bytes or a result, but no names; undefined for every other object. */
export function kindOf(value: object): string | undefined {
  const tag = tagOf(value)
  return NO_RECORD.test(tag) ? named(tag) : undefined
}

/** `a Response`, `an Error` …: kindOf, and what holds all that it holds elsewhere, so that neither a name nor JSON would be left of it. */
export function hollowKindOf(value: object): string | undefined {
  const tag = tagOf(value)
  if (NO_RECORD.test(tag)) return named(tag)
  return tag !== 'Object' && Object.keys(value).length === 0 && !('toJSON' in value) ? named(tag) : undefined
}

export const isDate = (value: unknown): value is Date =>
  // One of another window or context is a Date as well.
  typeof value === 'object' && value !== null && tagOf(value) === 'Date'

/** A value as an error quotes it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(clipped(value))
  if (typeof value === 'function') return 'a function'
  if (isDate(value)) return new Date(Number(value)).toString()
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value) && value.every(item => typeof item === 'string'))
    return clipped(JSON.stringify(value.slice(0, 100)))
  return hollowKindOf(value) ?? 'an object'
}

export const clipped = (text: string): string => text.slice(0, 100)

/**
 * @param what the parameter, `options` or `context`
 * @throws TypeError for what is no object, RangeError for a name that is none of `known`
 */
export function insistNames(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || hollowKindOf(given) !== undefined)
    throw new TypeError(`The ${what} must be an object, not ${shown(given)}.`)
  const unknown = Object.keys(given).filter(name => !known.includes(name))
  if (unknown.length === 0) return
  throw new RangeError(
    `Unknown ${what === 'options' ? 'option' : `name in the ${what}`} ${clipped(unknown.join(', '))}.`,
  )
}
