/** Which of several servers is asked next: they take turns, and one that failed rests. */
export interface Nodes {
  next(): Turn
  /** Whether there is none that could be asked with better hope. */
  allRest(): boolean
}

export interface Turn {
  readonly index: number
  worked(): void
  failed(): void
}

const FIRST_REST_MS = 1000
const LONGEST_REST_MS = 30_000

/**
 * A node rests longer with each failure in a row; where all rest, the one that is nearest to its end is asked before its time. Failures of
 * requests that were on the way at the same time are one.
 */
export function createNodes(count: number, now: () => number): Nodes {
  const nodes = Array.from({ length: count }, () => ({ failures: 0, restsUntil: Number.NEGATIVE_INFINITY }))
  let last = -1

  const restOf = (index: number) => {
    const rest = nodes[index]!.restsUntil - now()
    // Longer than any: the clock was set back.
    return rest > LONGEST_REST_MS ? 0 : Math.max(rest, 0)
  }

  return {
    next() {
      const order = nodes.map((_, offset) => (last + 1 + offset) % count)
      // The earlier in the order wins among equals.
      const index = order.reduce((best, other) => (restOf(other) < restOf(best) ? other : best))
      last = index
      const node = nodes[index]!
      const failuresBefore = node.failures
      return {
        index,
        worked() {
          node.failures = 0
          node.restsUntil = Number.NEGATIVE_INFINITY
        },
        failed() {
          if (node.failures !== failuresBefore) return
          node.failures++
          node.restsUntil = now() + Math.min(FIRST_REST_MS * 2 ** (node.failures - 1), LONGEST_REST_MS)
        },
      }
    },
    allRest: () => nodes.every((_, index) => restOf(index) > 0),
  }
}
