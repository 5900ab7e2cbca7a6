import { bytesOf } from './file-name.ts'

/** Names of batches in the order of storing, and the sum of their sizes. Names alone: each holds its size and time. */
export interface NameList {
  readonly length: number
  readonly bytes: number
  /** Most are the newest, or nearly; one that is there already is not added. */
  add(name: string): void
  has(name: string): boolean
  first(): string | undefined
  shift(): string | undefined
  all(): readonly string[]
}

const CUT_AT = 1024

export function createNameList(): NameList {
  let names: string[] = []
  /** Those before it are gone. */
  let head = 0
  let bytes = 0

  const placeOf = (name: string): number => {
    let [low, high] = [head, names.length]
    if (high > low && names[high - 1]! < name) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (names[middle]! < name) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    get length() {
      return names.length - head
    },
    get bytes() {
      return bytes
    },
    add(name) {
      const place = placeOf(name)
      if (names[place] === name) return
      names.splice(place, 0, name)
      bytes += bytesOf(name)
    },
    has: name => names[placeOf(name)] === name,
    first: () => names[head],
    shift() {
      const name = names[head]
      if (name === undefined) return undefined
      head++
      bytes -= bytesOf(name)
      if (head >= CUT_AT && head * 2 >= names.length) {
        names = names.slice(head)
        head = 0
      }
      return name
    },
    all: () => names.slice(head),
  }
}
