import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createSplitter } from '../../src/decode/lines.ts'
import { createInspector } from '../../src/http/inspect.ts'

const bytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r', '\r\n', ' ', '\t', 'x', '\n\n').map(text => Buffer.from(text)),
      fc.tuple(fc.constantFrom(' ', '\r', 'x'), fc.integer({ min: 20, max: 80 })).map(([c, n]) => Buffer.alloc(n, c)),
      fc.uint8Array({ maxLength: 6 }),
    ),
    { maxLength: 40 },
  )
  .map(parts => Buffer.concat(parts))

const cuts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 })

function* chunked(whole: Buffer, sizes: readonly number[]) {
  for (let start = 0, i = 0; start < whole.length; i++) {
    const size = sizes[i % sizes.length]!
    yield whole.subarray(start, start + size)
    start += size
  }
}

// A batch is stored with the first number and delivered by the second: where they differ its books do not close by themselves.
it('the lines that are counted when a body comes are those that are delivered, however each is cut', () => {
  fc.assert(
    fc.property(bytes, cuts, cuts, (whole, received, stored) => {
      const inspector = createInspector()
      for (const chunk of chunked(whole, received)) inspector.take(chunk)
      let lines = 0
      const splitter = createSplitter({ format: 'lines', maxBytes: 30 }, () => lines++)
      for (const chunk of chunked(whole, stored)) splitter.push(chunk)
      splitter.end()
      expect(lines).toBe(inspector.lines())
    }),
    { numRuns: 500 },
  )
})
