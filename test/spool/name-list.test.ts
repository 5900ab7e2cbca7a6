import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileNameOf } from '../../src/spool/file-name.ts'
import { createNameList } from '../../src/spool/name-list.ts'
import { seal } from '../contract/spool-kit.ts'

const facts = { ...seal(), storedAt: 0, again: undefined }
const nameOf = (number: number) => fileNameOf({ ...facts, number, bytes: number * 3 })

test('a list of names is the sorted list of those added and not yet taken, each once', () => {
  const step = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 60 }) }, { weight: 1, arbitrary: fc.constant('shift') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), steps => {
      const list = createNameList()
      let model: number[] = []
      for (const what of steps) {
        if (typeof what === 'number') {
          list.add(nameOf(what))
          model = [...new Set([...model, what])].sort((one, other) => one - other)
        } else {
          const first = model.shift()
          expect(list.shift()).toBe(first === undefined ? undefined : nameOf(first))
        }
        expect(list.first()).toBe(model[0] === undefined ? undefined : nameOf(model[0]))
        expect([list.length, list.bytes]).toEqual([model.length, model.reduce((sum, number) => sum + number * 3, 0)])
      }
      expect(list.all()).toEqual(model.map(nameOf))
    }),
  )
})

test('a list from whose front thousands were taken gives the rest in order', () => {
  const list = createNameList()
  for (let number = 0; number < 5000; number++) list.add(nameOf(number))
  for (let number = 0; number < 3000; number++) expect(list.shift()).toBe(nameOf(number))
  list.add(nameOf(2))
  expect([list.length, list.first(), list.all().at(-1)]).toEqual([2001, nameOf(2), nameOf(4999)])
})
