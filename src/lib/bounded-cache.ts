/**
 * A cache by string that hostile keys cannot fill: two maps, the older one dropped whole when the newer one is full. An entry that is
 * asked for again moves to the newer map, so what is used stays.
 */
export interface BoundedCache<T> {
  get(key: string): T | undefined
  /**
   * The value of the key, made where there is none. `make` gets a key of its own: what is cut out of it keeps nothing else in memory, which a
   * slice of a line would.
   */
  of(key: string, make: (own: string) => T): T
  /** Does nothing when the key alone is longer than `maxKeyLength`. */
  set(key: string, value: T): void
}

/** Bounds of the whole cache. `maxChars` is the sum of the keys' lengths. */
export interface BoundedCacheOptions {
  readonly maxEntries: number
  readonly maxChars: number
  readonly maxKeyLength: number
}

/** The same text in memory of its own: a slice of a line would keep the whole of it. */
export function copyOf(text: string): string {
  return `.${text}`.slice(1)
}

export function createBoundedCache<T extends object>(options: BoundedCacheOptions): BoundedCache<T> {
  const maxEntries = options.maxEntries / 2
  const maxChars = options.maxChars / 2
  let newer = new Map<string, T>()
  let older = new Map<string, T>()
  let chars = 0

  /** The key is its own. */
  function keep(key: string, value: T): void {
    if (key.length > options.maxKeyLength) return
    if (newer.size >= maxEntries || chars + key.length > maxChars) {
      older = newer
      newer = new Map()
      chars = 0
    }
    newer.set(key, value)
    chars += key.length
  }

  const set = (key: string, value: T) => keep(copyOf(key), value)

  function get(key: string): T | undefined {
    const value = newer.get(key)
    if (value !== undefined) return value
    const old = older.get(key)
    if (old !== undefined) set(key, old)
    return old
  }

  function of(key: string, make: (own: string) => T): T {
    const known = get(key)
    if (known !== undefined) return known
    const own = copyOf(key)
    const value = make(own)
    keep(own, value)
    return value
  }

  return { get, of, set }
}
