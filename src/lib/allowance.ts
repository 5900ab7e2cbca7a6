/** How often each of many may do something: so many at once, and then one in a while. */
export interface Allowance {
  /** Takes one. 0, or the milliseconds until there is another: then none was taken. */
  take(holder: string): number
}

export interface AllowanceOptions {
  readonly burst: number
  readonly everyMs: number
  /** So many are remembered; the one that took longest ago is forgotten first. */
  readonly maxHolders: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number
}

/** A leaky bucket for each holder, kept as one number: the time at which it is empty. */
export function createAllowance({ burst, everyMs, maxHolders, now }: AllowanceOptions): Allowance {
  const emptyAt = new Map<string, number>()
  return {
    take(holder) {
      const at = now()
      const next = Math.max(emptyAt.get(holder) ?? at, at) + everyMs
      const waitMs = next - at - burst * everyMs
      if (waitMs > 0) return waitMs
      emptyAt.delete(holder)
      emptyAt.set(holder, next)
      if (emptyAt.size > maxHolders) {
        const [oldest] = emptyAt.keys()
        emptyAt.delete(oldest!)
      }
      return 0
    },
  }
}
