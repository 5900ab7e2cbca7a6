/** A queue in an array: taking from the front moves an index, and the array is cut once half of it is behind that index. */
export interface Deque<T> {
  readonly length: number
  push(item: T): void
  first(): T | undefined
  shift(): T | undefined
}

const CUT_AT = 1024

export function createDeque<T>(): Deque<T> {
  let items: (T | undefined)[] = []
  let head = 0
  return {
    get length() {
      return items.length - head
    },
    push: item => {
      items.push(item)
    },
    first: () => items[head],
    shift() {
      if (head === items.length) return undefined
      const item = items[head]
      items[head++] = undefined
      if (head >= CUT_AT && head * 2 >= items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  }
}
