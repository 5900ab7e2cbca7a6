import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDeque } from '../../src/lib/deque.ts'

test('a deque gives what an array gives', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -2000, max: 2000 }), { maxLength: 8 }), runs => {
      const deque = createDeque<number>()
      const model: number[] = []
      let number = 0
      for (const run of runs) {
        for (let step = 0; step < Math.abs(run); step++) {
          if (run > 0) {
            deque.push(number)
            model.push(number++)
          } else {
            if (deque.first() !== model[0]) expect.fail(`step ${step} of ${run} has another item first`)
            if (deque.shift() !== model.shift()) expect.fail(`step ${step} of ${run} gave another item`)
          }
        }
        expect(deque.length).toBe(model.length)
      }
    }),
    { numRuns: 10 },
  )
})
