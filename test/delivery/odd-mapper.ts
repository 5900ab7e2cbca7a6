import type { Mapper } from '../../src/mapper/types.ts'

/**
 * Does what a record tells it: `dataset` names its dataset, `tag` its tag, `reject` a rejected field, `grow` is how long its event is, `do` an accident.
 * For what no real record can bring about.
 */
export const oddMapper: Mapper = {
  datasets: [],
  batch: () => {
    throw new Error('Batches of the odd mapper go line by line.')
  },
  sorter: (_context, take) => ({
    assign: undefined,
    push: item => take(item, item.keys === undefined ? undefined : { dataset: undefined, tags: [] }),
    decide() {},
  }),
  planOf: () => undefined,
  mapLine(line) {
    const record = 'record' in line ? line.record : {}
    if (record.do === 'throw') throw new Error(`an accident: ${record.text}`)
    if (record.do === 'crash') queueMicrotask(() => crash(record.text))
    if (record.do === 'exit') process.exit(7)
    if (record.do === 'hang') for (;;);
    if (record.do === 'fill') fill()
    return {
      line,
      dataset: typeof record.dataset === 'string' ? record.dataset : 'unknown',
      event: {
        n: line.number,
        ...('bad' in line ? { code: line.bad.code } : {}),
        ...(typeof record.grow === 'number' ? { text: 'x'.repeat(record.grow) } : {}),
        ...(typeof record.text === 'string' ? { text: record.text } : {}),
        ...(record.tag === undefined ? {} : { tags: [record.tag] }),
      },
      rejected: typeof record.reject === 'string' ? [record.reject] : [],
    }
  },
}

function crash(text: unknown): never {
  throw new Error(`an accident: ${text}`)
}

function fill(): void {
  const kept: string[][] = []
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => `${i}`))
}
