/** What a caller without types may have given: how it is named in an error, and what is no object of names and values. */

const NO_RECORD =
  /^(Array|Map|Set|Promise|(Shared)?ArrayBuffer|DataView|(Big)?(Int|Uint|Float)\d+Array|Uint8ClampedArray)$/

/** `an Array`, `a Promise` …: values that have entries, bytes or a result, but no names; undefined for every other object. */
export function kindOf(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (!NO_RECORD.test(tag)) return undefined
  return `${/^[AI]/.test(tag) ? 'an' : 'a'} ${tag}`
}

/** A value as an error quotes it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100))
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null || value instanceof Date) return String(value)
  return kindOf(value) ?? 'an object'
}

/**
 * @param what the parameter, `options` or `context`
 * @throws TypeError for what is no object, RangeError for a name that is none of `known`
 */
export function insistNames(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || kindOf(given) !== undefined)
    throw new TypeError(`The ${what} must be an object, not ${shown(given)}.`)
  const unknown = Object.keys(given).filter(name => !known.includes(name))
  if (unknown.length === 0) return
  throw new RangeError(`Unknown ${what === 'options' ? 'option' : `name in the ${what}`} ${unknown.join(', ')}.`)
}
