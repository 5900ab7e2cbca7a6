import { randomOf } from '../records.ts'

/** Draws of one case: the same seed and number draw the same, so that a case can be sent again by itself. */
export interface Draw {
  /** The number of the case, for contents that nobody sent before. */
  readonly number: number
  /** Whole, 0 to below `most`. */
  below(most: number): number
  /** Whole, both ends included. */
  between(least: number, most: number): number
  chance(share: number): boolean
  pick<T>(items: readonly T[]): T
  bytes(count: number): Buffer
}

export function drawOf(seed: number, number: number): Draw {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b))
  const below = (most: number) => Math.floor(random() * most)
  return {
    number,
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: share => random() < share,
    pick: items => items[below(items.length)]!,
    bytes: count => Buffer.from(Array.from({ length: count }, () => below(256))),
  }
}

export type Weighted<T> = readonly (readonly [weight: number, item: T])[]

/** Draws by weight. */
export function weighted<T>(draw: Draw, items: Weighted<T>): T {
  let at = (draw.below(1e6) / 1e6) * items.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, item] of items) {
    at -= weight
    if (at < 0) return item
  }
  return items[0]![1]
}
